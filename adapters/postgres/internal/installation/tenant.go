package installation

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// MakeTenant makes the schema and the role of a tenant of the gate, and runs its
// migrations: the sets' own and those that a newer program has published. Afterwards the
// path and the settings are those of the scope.
func (in Installation) MakeTenant(ctx context.Context, tx *sqlx.Tx, sets []schema.Set, id domain.TenantID, gate int, lenient bool) error {
	if err := in.makeSchema(ctx, tx, id, gate); err != nil {
		return err
	}
	sets, err := schema.WithNewer(ctx, tx, sets)
	if err != nil {
		return err
	}
	on := in.Target(id)
	on.Together, on.Lenient = true, lenient
	return runAll(ctx, tx, on, sets, id)
}

// CheckEntry becomes the tenant's role, if it has one, and returns an error unless
// the role reaches the tenant's schema. The caller must end the transaction then.
func (in Installation) CheckEntry(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	if in.Roles {
		if _, err := in.becomeTenant(ctx, tx, id); err != nil {
			return err
		}
	}
	var reached bool
	err := tx.GetContext(ctx, &reached, `SELECT coalesce(pg_catalog.current_schema() = $2, false) FROM pg_catalog.set_config('search_path', $1, true)`, pg.PathOf(pg.SchemaOf(id)), pg.SchemaOf(id))
	if err == nil && !reached {
		return pg.Refusal(pg.CodeMigrationFailed, nil, "a tenant's role doesn't reach its own schema: a migration took USAGE on it away")
	}
	return err
}
