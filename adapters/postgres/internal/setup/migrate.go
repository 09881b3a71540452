package setup

import (
	"cmp"
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// Migrate is the part of [Run] that runs the product's migrations, in the schema shared
// and in the tenants as the options say, on an installation that is set up.
func Migrate(ctx context.Context, cfg pg.Config, options fleet.Options, report func(line string)) (fleet.Report, error) {
	cfg.MigrationPatience = cmp.Or(options.Patience, cfg.MigrationPatience)
	s := &setup{report: report, fleet: options}
	if err := s.begin(cfg); err != nil {
		return fleet.Report{}, err
	}
	defer func() { _ = s.pool.Close() }()
	s.goOn = s.cfg.MigrateIt()
	err := s.steps(ctx, s.inspect, s.patiently(s.shared), s.patiently(s.tryTenant), s.patiently(s.publish), s.tenants)
	return s.tenantsReport, err
}

// inspect refuses a database that lacks what Run makes besides.
func (s *setup) inspect(ctx context.Context) (err error) {
	if s.in, err = inspection.Inspect(ctx, s.pool, s.cfg, schema.Sets{System: s.sets.System}); err != nil {
		return err
	}
	return s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error { return s.recordProduct(ctx, tx) })
}
