package installation

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// ImportTenant makes the schema and the role of a tenant of the gate by the files that it
// had where it comes from, calls fill, and runs those that it lacks.
func (in Installation) ImportTenant(ctx context.Context, tx *sqlx.Tx, sets []schema.Set, id domain.TenantID, gate int, applied []schema.Applied, fill func(context.Context, *sqlx.Tx) error) error {
	sets, err := schema.WithNewer(ctx, tx, sets)
	if err != nil {
		return err
	}
	has, lacks, err := schema.Split(sets, applied)
	if err != nil {
		return err
	}
	if err := in.makeSchema(ctx, tx, id, gate); err != nil {
		return err
	}
	on := in.Target(id)
	on.Together, on.Lenient = true, true
	if err := runAll(ctx, tx, on, has, id); err != nil {
		return err
	}
	if err := fill(ctx, tx); err != nil {
		return err
	}
	return runAll(ctx, tx, on, lacks, id)
}

// runAll runs the sets' files in the tenant, and records them.
func runAll(ctx context.Context, tx *sqlx.Tx, on schema.Target, sets []schema.Set, id domain.TenantID) error {
	for _, set := range sets {
		if err := on.Run(ctx, tx, set, set.Migrations); err != nil {
			return err
		}
		if err := set.Record(ctx, tx, id.String(), set.Migrations); err != nil {
			return err
		}
	}
	return nil
}
