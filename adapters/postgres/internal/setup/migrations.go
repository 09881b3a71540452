package setup

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// migrateSystem runs the system's own migrations, the first of which makes the ledger.
func (s *setup) migrateSystem(ctx context.Context, tx *sqlx.Tx) error {
	var begun bool
	if err := tx.GetContext(ctx, &begun, `SELECT to_regclass('partywall.migrations') IS NOT NULL`); err != nil {
		return err
	}
	missing := s.sets.System.Migrations
	if begun {
		var err error
		if missing, err = s.sets.System.MissingOf(ctx, tx, ""); err != nil {
			return err
		}
	}
	return s.apply(ctx, tx, schema.SystemTarget, s.sets.System, missing)
}

// apply runs migrations of the installation's, and records them.
func (s *setup) apply(ctx context.Context, tx *sqlx.Tx, on schema.Target, of schema.Set, migrations []schema.Migration) error {
	if err := on.Run(ctx, tx, of, migrations); err != nil {
		return err
	}
	for _, m := range migrations {
		s.did("ran the migration %s", of.File(m))
	}
	return of.Record(ctx, tx, "", migrations)
}

// shared runs the product's migrations of what all tenants share, each in a
// transaction of its own.
func (s *setup) shared(ctx context.Context) error {
	for more := true; more; {
		err := s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
			missing, err := s.sets.Shared.MissingOf(ctx, tx, "")
			if more = len(missing) > 1; err != nil || len(missing) == 0 {
				return err
			}
			if missing[0].Outside() {
				return s.outside(ctx, tx, missing[0])
			}
			on := schema.SharedTarget
			on.Separately = s.in.Citus
			return s.apply(ctx, tx, on, s.sets.Shared, missing[:1])
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// outside runs a shared migration outside of a transaction. The step's own one keeps
// other setups away meanwhile.
func (s *setup) outside(ctx context.Context, tx *sqlx.Tx, m schema.Migration) error {
	next := schema.Missing{Set: s.sets.Shared, Migration: m}
	if err := inspection.RefuseOutside(ctx, s.cfg, next.Set.File(m)); err != nil {
		return err
	}
	s.did("ran the migration %s", next.Set.File(m))
	return schema.SharedTarget.RunOutside(ctx, s.cfg, tx, next, "", schema.Waits{Lock: s.lockWait, Concurrent: s.cfg.MigrationPatience})
}

// publish stores what makes a tenant from now on. It waits for the creations that
// have read what did before, so that setup finds their tenants.
func (s *setup) publish(ctx context.Context) error {
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := schema.RefuseChanged(ctx, tx, s.sets.Tenant); err != nil {
			return err
		}
		for _, set := range s.sets.Tenant {
			if err := set.Publish(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}
