package inspection

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// RefuseOneGatePrograms returns an error while a program of an earlier release is
// connected, which enters all tenants by the first gate. Behind a pooler a connection may
// have no name: it shows nothing.
func RefuseOneGatePrograms(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, in installation.Installation) error {
	logins := []string{cfg.User}
	if in.Roles {
		logins = append(in.GateRoles(), in.SystemRole(), cfg.User)
	}
	var found []string
	err := tx.SelectContext(ctx, &found, `
		SELECT format('process %s of %s', pid, usename) FROM pg_stat_activity
		WHERE datname = current_database() AND usename = ANY ($1) AND application_name = $2 ORDER BY pid`,
		pq.Array(logins), pg.OneGateApplication)
	if err != nil || len(found) == 0 {
		return err
	}
	return pg.Refusal(pg.CodeOneGateProgram, nil, "programs of an earlier release are connected, which know one gate only: %s: stop them or upgrade them first; behind a pooler, a connection that such a program has used may stay open for minutes: RECONNECT in the pooler's console closes it", pg.FirstFew(found))
}
