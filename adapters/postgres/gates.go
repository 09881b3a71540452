package postgres

import (
	"context"

	"github.com/partywall-go/partywall/adapters/postgres/internal/gates"
	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/setup"
)

// GatesStatus is what the gates of an installation serve.
type GatesStatus = inspection.GatesStatus

// GateStatus is what one gate serves.
type GateStatus = inspection.GateStatus

// MoveOptions say which tenants [MoveTenants] moves where.
type MoveOptions = gates.Options

// MoveReport is what came of [MoveTenants].
type MoveReport = gates.Report

// ReadGates reads what the gates of the installation of cfg serve. It logs in as each.
func ReadGates(ctx context.Context, cfg pg.Config) (GatesStatus, error) {
	return inspection.ReadGates(ctx, cfg)
}

// SetGates makes the installation of cfg have count gates, and passes to report, line by
// line, what it did. Programs that serve the installation need no restart. It moves no
// tenant, and refuses to remove a gate that has tenants. While a program of an earlier
// release is connected, more than one gate is [CodeOneGateProgram].
func SetGates(ctx context.Context, cfg pg.Config, count int, report func(line string)) error {
	return setup.SetGates(ctx, cfg, count, report)
}

// MoveTenants moves tenants between gates while they are served, and passes to report,
// line by line, how far it is. It may be interrupted, repeated, and run beside another.
// The report has the tenants that could not be moved.
func MoveTenants(ctx context.Context, cfg pg.Config, options MoveOptions, report func(line string)) (MoveReport, error) {
	return gates.Run(ctx, cfg, options, report)
}
