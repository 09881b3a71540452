package doctor

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

// tenantGates looks whether the gates suffice for the tenants, and the connections for
// the gates.
func (c *checker) tenantGates(ctx context.Context) (doctor.Finding, error) {
	var status inspection.GatesStatus
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		status, err = inspection.ReadGatesIn(ctx, tx, c.cfg, c.in)
		return err
	})
	if err != nil {
		return doctor.Finding{}, err
	}
	if what, fix := status.Left(c.cfg); what != "" {
		return doctor.Warn(what, fix), nil
	}
	if what, fix := status.Crowded(c.cfg); what != "" {
		return doctor.Warn(what, fix), nil
	}
	if what, fix := status.Short(); what != "" {
		return doctor.Warn(what, fix), nil
	}
	return doctor.Pass(fmt.Sprintf("the fullest of %d gates serves %d tenants", len(status.Gates), status.Most())), nil
}
