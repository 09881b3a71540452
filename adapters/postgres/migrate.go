package postgres

import (
	"context"

	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/setup"
)

// MigrateOptions say how [Migrate] goes through the tenants. The zero value is valid.
type MigrateOptions = fleet.Options

// DefaultMigrateOptions returns the options that [Migrate] and [Setup] use for fields
// that are zero.
func DefaultMigrateOptions() MigrateOptions { return fleet.Defaults() }

// MigrationProgress is how far [Migrate] is.
type MigrationProgress = fleet.Progress

// MigrationReport is what came of [Migrate].
type MigrationReport = fleet.Report

// MigrationFailure is a tenant that [Migrate] left behind.
type MigrationFailure = fleet.Failure

// MigrationFailures are the tenants that [Migrate] left behind for the same reason.
type MigrationFailures = fleet.Group

// MigrationPlan is what [Migrate] would do.
type MigrationPlan = inspection.MigrationPlan

// PlannedTenants are tenants that lack the same migrations.
type PlannedTenants = inspection.PlannedTenants

// Migrate runs the migrations that the installation of cfg lacks, in the schema shared
// and then in the tenants. [Setup] does the same for all tenants, after it has made
// what else the installation needs: a database that it has not set up is
// [CodeNotSetUp]. It passes to report, line by line, what it did. Where a tenant stays
// behind, the error is [CodeSetupIncomplete]. Migrate may be repeated, and run beside
// another or beside Setup, which share the work.
func Migrate(ctx context.Context, cfg pg.Config, options MigrateOptions, report func(line string)) (MigrationReport, error) {
	return setup.Migrate(ctx, cfg, options, report)
}

// PlanMigrations returns what [Migrate] would do with the migrations of cfg. It returns the
// errors with which Migrate would refuse to begin, and changes nothing.
func PlanMigrations(ctx context.Context, cfg pg.Config) (MigrationPlan, error) {
	return inspection.ReadPlan(ctx, cfg)
}
