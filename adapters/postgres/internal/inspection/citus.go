package inspection

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// lacksOnNodes finds that Citus hasn't made Config.User on its nodes. Only a superuser can
// have it do so, by a change of what the user owns.
func lacksOnNodes(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, _ installation.Installation) ([]Lack, error) {
	var citus, made bool
	if err := tx.GetContext(ctx, &citus, `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')`); err != nil || !citus {
		return nil, err
	}
	err := tx.GetContext(ctx, &made, `SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_object WHERE classid = 'pg_authid'::regclass AND objid = CURRENT_USER::regrole)`)
	if err != nil || made {
		return nil, err
	}
	return []Lack{{
		What:      "Citus has not made " + cfg.User + " on its nodes",
		Statement: pg.Fill(`ALTER DATABASE {database} OWNER TO {user}`, map[string]string{"database": cfg.Database, "user": cfg.User}),
	}}, nil
}
