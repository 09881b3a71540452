package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// entering is an attempt to enter a tenant. Its row must meet the condition, besides
// having the program's versions.
type entering struct {
	db        *DB
	id        domain.TenantID
	condition string
}

// source is the FROM clause of an opening: the tenant's row, if it admits the program.
func (e entering) source() string {
	return ` FROM partywall.tenants t WHERE t.id = ` + pq.QuoteLiteral(e.id.String()) + ` AND ` + e.condition + ` AND ` + e.db.upToDate
}

// try runs attempt. Where the row refuses entry, try returns the reason: there is no
// such tenant, or its schema is older than the program. Where only the columns are
// older, try heals them and runs attempt again.
func (e entering) try(ctx context.Context, attempt func() error) error {
	err := attempt()
	if !errors.Is(err, pg.ErrNotLetIn) {
		return err
	}
	if err := e.whyNot(ctx); err != nil {
		return err
	}
	if err = attempt(); errors.Is(err, pg.ErrNotLetIn) {
		return pg.ErrNoSuchTenant()
	}
	return err
}

// whyNot returns nil where the next attempt may succeed.
func (e entering) whyNot(ctx context.Context) error {
	logins, err := e.db.logins()
	if err != nil {
		return err
	}
	upToDate, err := pg.One(ctx, logins.System, scanBool, `SELECT `+schema.HasFiles(e.db.sets.Tenant)+` FROM partywall.tenants t WHERE t.id = $1 AND `+e.condition, e.id.String())
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return pg.ErrNoSuchTenant()
	case err != nil:
		return err
	case !upToDate:
		return errUpgrading()
	}
	return logins.System.InScope(ctx, e.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, schema.Heal, e.id.String())
		return err
	})
}

func scanBool(row pg.Scanner) (value bool, err error) { err = row.Scan(&value); return value, err }

func errUpgrading() *domain.Error { return domain.NewError(domain.CodeTenantUpgrading) }
