package gates

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// takeBack has no gate become the roles of tenants that another one serves.
func (m *mover) takeBack(ctx context.Context) error {
	var left []inspection.Leftover
	err := pg.InScope(ctx, m.pool, m.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		left, err = inspection.ReadLeftovers(ctx, tx, m.in)
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range left {
		id, err := domain.ParseTenantID(l.Tenant)
		if err != nil {
			return err
		}
		err = pg.InScope(ctx, m.pool, m.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error { return m.dismiss(ctx, tx, id, l.Login) })
		switch {
		case err != nil && (ctx.Err() != nil || pg.Unavailable(err)):
			return err
		case err != nil:
			m.fail(id, err)
		}
	}
	return nil
}

// dismiss takes the tenant's role from a login, unless the tenant has come back to it.
func (m *mover) dismiss(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, login string) error {
	var gates []int
	err := tx.SelectContext(ctx, &gates, `SELECT gate FROM partywall.tenants WHERE id = $1 FOR NO KEY UPDATE`, id.String())
	if err != nil || len(gates) == 0 || m.in.GateRole(gates[0]) == login {
		return err
	}
	return m.in.Dismiss(ctx, tx, id, login)
}
