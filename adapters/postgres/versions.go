package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// whyNot reads why the tenant's row refused entry by the gate: there is no such tenant,
// its schema is older than the program, or it has moved to another gate, which whyNot
// returns. If only the columns of its versions are older, whyNot updates them.
func (e entering) whyNot(ctx context.Context, l *installation.Logins, tried int) (gate int, err error) {
	var gates int
	upToDate, err := pg.One(ctx, l.SystemFor(e.id), func(row pg.Scanner) (upToDate bool, err error) {
		err = row.Scan(&upToDate, &gate, &gates)
		return upToDate, err
	}, `
		SELECT `+schema.HasFiles(e.db.sets.Tenant)+`, t.gate, i.gates
		FROM partywall.tenants t, partywall.installation i WHERE t.id = $1 AND `+e.condition, e.id.String())
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, pg.ErrNoSuchTenant()
	case err != nil:
		return 0, err
	case !upToDate && !e.anyVersion:
		return 0, errUpgrading()
	}
	l.Gates.SetCount(max(gates, gate+1))
	e.db.learnGate(l, e.id, gate)
	if gate != tried || e.anyVersion {
		return gate, nil
	}
	return gate, l.SystemFor(e.id).InScope(ctx, e.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, schema.Heal, e.id.String())
		return err
	})
}

func errUpgrading() *domain.Error { return domain.NewError(domain.CodeTenantUpgrading) }

func scanInt(row pg.Scanner) (n int, err error) { err = row.Scan(&n); return n, err }

func scanBool(row pg.Scanner) (value bool, err error) { err = row.Scan(&value); return value, err }
