package app

import (
	"context"
	"errors"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// MigrateOptions say how [Migrate] goes through the tenants. The zero value is valid.
type MigrateOptions = postgres.MigrateOptions

// DefaultMigrateOptions returns the options that [Migrate] and [Setup] use for fields
// that are zero.
func DefaultMigrateOptions() MigrateOptions { return postgres.DefaultMigrateOptions() }

// MigrationProgress is how far [Migrate] or [Setup] is.
type MigrationProgress = postgres.MigrationProgress

// MigrationReport is what came of [Migrate].
type MigrationReport = postgres.MigrationReport

// MigrationPlan is what [Migrate] would do.
type MigrationPlan = postgres.MigrationPlan

// Migrate runs the migrations that the installation of cfg lacks, first in the schema
// shared and then in the tenants, several at a time. [Setup] does the same for all
// tenants, after what else the installation needs, which it must have made before. It
// passes to report, line by line, what it did, unless report is nil. Where a tenant stays
// behind, the error is [CodeSetupIncomplete], and the report contains why.
func Migrate(ctx context.Context, cfg Config, options MigrateOptions, report func(line string)) (MigrationReport, error) {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return MigrationReport{}, err
	}
	done, err := postgres.Migrate(ctx, database, options, orSilent(report))
	return done, errors.Join(err, stop())
}

// PlanMigrations reads what [Migrate] would do with the migrations of cfg.
func PlanMigrations(ctx context.Context, cfg Config) (MigrationPlan, error) {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return MigrationPlan{}, err
	}
	plan, err := postgres.PlanMigrations(ctx, database)
	return plan, errors.Join(err, stop())
}
