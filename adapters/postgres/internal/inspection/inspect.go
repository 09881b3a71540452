package inspection

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// MinVersion is the oldest server that is supported, PostgreSQL 15, as
// server_version_num.
const MinVersion = 150000

// Inspect returns what setup decided, or an error unless the database is set up and
// up to date.
func Inspect(ctx context.Context, pool *sqlx.DB, cfg pg.Config, sets schema.Sets) (installation.Installation, error) {
	in := installation.Installation{}
	err := pg.InScope(ctx, pool, cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if in, err = installation.Read(ctx, tx); err != nil {
			return err
		}
		if err := Agree(cfg, in); err != nil {
			return err
		}
		if err := schema.UpToDate(ctx, tx, sets, cfg); err != nil {
			return err
		}
		origin, err := ReadOrigin(ctx, tx, in)
		if err != nil {
			return err
		}
		return origin.Refuse(cfg, in)
	})
	switch state := pg.SQLState(err); {
	case state == pqerror.UndefinedTable, state == pqerror.InvalidSchemaName, errors.Is(err, installation.ErrNone):
		return in, pg.Refusal(pg.CodeNotSetUp, nil, "the database %q isn't set up: %s", cfg.Database, cfg.SetItUp())
	case err != nil:
		return in, pg.LoginError(ctx, cfg, cfg.User, err)
	}
	return in, nil
}

// Agree refuses a configuration that contradicts what setup decided about the second
// wall, which is never dropped or raised while running.
func Agree(cfg pg.Config, in installation.Installation) error {
	switch {
	case in.Roles && cfg.Roles == pg.RolesOff:
		return pg.Refusal(pg.CodeRolesMismatch, nil, "TENANT_ROLES=off, but the database was set up with tenant roles: set it to auto")
	case !in.Roles && cfg.Roles == pg.RolesOn:
		return pg.Refusal(pg.CodeRolesMismatch, nil, "TENANT_ROLES=on, but the database was set up without tenant roles: set it to auto, or set up another database")
	case in.Roles && cfg.Secret().IsZero():
		return pg.Refusal(pg.CodeLoginRefused, nil, "DB_GATE_SECRET and DB_PASSWORD are both empty: set one, the logins' passwords are derived from it")
	}
	return nil
}
