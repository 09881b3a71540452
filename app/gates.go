package app

import (
	"context"
	"errors"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// GatesStatus is what the gates of an installation serve.
type GatesStatus = postgres.GatesStatus

// MoveOptions say which tenants [MoveTenants] moves where.
type MoveOptions = postgres.MoveOptions

// MoveReport is what came of [MoveTenants].
type MoveReport = postgres.MoveReport

// Gates reads what the gates of the installation of cfg serve.
func Gates(ctx context.Context, cfg Config) (GatesStatus, error) {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return GatesStatus{}, err
	}
	status, err := postgres.ReadGates(ctx, database)
	return status, errors.Join(err, stop())
}

// SetGates makes the installation of cfg have count gates. Each gate serves some of the
// tenants by a login and a small pool of connections of its own. Programs that serve the
// installation need no restart. SetGates moves no tenant, and refuses to remove a gate
// that has tenants. It passes to report, line by line, what it did, unless report is nil.
func SetGates(ctx context.Context, cfg Config, count int, report func(line string)) error {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(postgres.SetGates(ctx, database, count, orSilent(report)), stop())
}

// MoveTenants moves tenants between gates while they are served. It may be interrupted,
// repeated, and run beside another. It passes to report, line by line, how far it is, unless
// report is nil.
func MoveTenants(ctx context.Context, cfg Config, options MoveOptions, report func(line string)) (MoveReport, error) {
	database, stop, err := reach(ctx, cfg)
	if err != nil {
		return MoveReport{}, err
	}
	done, err := postgres.MoveTenants(ctx, database, options, orSilent(report))
	return done, errors.Join(err, stop())
}
