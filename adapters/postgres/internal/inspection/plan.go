package inspection

import (
	"context"
	"errors"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// MigrationPlan is what a run of the migrations would do.
type MigrationPlan struct {
	Tenants int              // of the installation
	Shared  []string         // the files that would run in the schema shared
	Steps   []PlannedTenants // by what they lack, the most tenants first
}

// PlannedTenants are the tenants that lack the same files.
type PlannedTenants struct {
	Files   []string // in the order in which they would run
	Tenants int
	First   []domain.TenantID // some of them
}

// ReadPlan returns what a run of the migrations of cfg would do. It returns the errors with
// which the run would refuse to begin. It changes nothing, and makes no trial.
func ReadPlan(ctx context.Context, cfg pg.Config) (plan MigrationPlan, err error) {
	err = read(ctx, cfg, "plan the migrations", systemsSetOnly, func(ctx context.Context, r reading) error {
		return plan.read(ctx, r.tx, r.sets)
	})
	return plan, err
}

func (p *MigrationPlan) read(ctx context.Context, tx *sqlx.Tx, sets schema.Sets) error {
	shared, err := sets.Shared.MissingOf(ctx, tx, "")
	if err != nil {
		return err
	}
	for _, m := range shared {
		p.Shared = append(p.Shared, sets.Shared.File(m))
	}
	if err := schema.RefuseChanged(ctx, tx, sets.Tenant); err != nil {
		return err
	}
	if err := tx.GetContext(ctx, &p.Tenants, `SELECT count(*) FROM partywall.tenants`); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT t.pw_version, t.version, count(*), (array_agg(t.id ORDER BY t.id))[:5]
		FROM partywall.tenants t WHERE `+schema.Behind(sets.Tenant)+` AND NOT `+schema.HasFiles(sets.Tenant)+`
		GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2`)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var has [2]int64
		var ids []string
		var step PlannedTenants
		if err := rows.Scan(&has[0], &has[1], &step.Tenants, pq.Array(&ids)); err != nil {
			return err
		}
		for i, set := range sets.Tenant {
			step.Files = append(step.Files, set.Above(has[i])...)
		}
		for _, id := range ids {
			parsed, err := domain.ParseTenantID(id)
			if err != nil {
				return err
			}
			step.First = append(step.First, parsed)
		}
		p.Steps = append(p.Steps, step)
	}
	return errors.Join(rows.Close(), rows.Err())
}
