package gates

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// Options say which tenants move where.
type Options struct {
	Even  bool // spread all tenants evenly, with as few moves as that takes
	Gates int  // with Even: over how many of the gates, the first ones; 0: all

	// Without Even, Tenants or All says which tenants move to the gate To.
	Tenants []domain.TenantID
	All     bool
	To      int

	DryRun bool // only report what would move
}

// check refuses options that contradict each other, or select no tenants: a list that
// happens to be empty does not select all.
func (o Options) check() error {
	named := len(o.Tenants) > 0
	switch {
	case o.Even && (named || o.All || o.To != 0):
		return domain.Invalidf("even", "leave Tenants, All and To out: Even selects the tenants and their gates")
	case !o.Even && named == o.All:
		return domain.Invalidf("tenants", "select the tenants by one of Tenants, All and Even")
	case o.Gates < 0, o.Gates > 0 && !o.Even:
		return domain.Invalidf("gates", "Gates is a number of gates, and goes with Even")
	}
	return nil
}

// Report is what came of a move.
type Report struct {
	Moves    []Move    // what was planned
	Moved    int       // how many of them were made
	Failures []Failure // of those that were not
}

// Failure is a tenant that was not moved, or whose former gate may still become its role.
type Failure struct {
	Tenant domain.TenantID
	Reason string
}

// batch is how many tenants move before their former gates lose them.
const batch = 100

// grace is how long the openings that have begun at a former gate have to end. A later
// one is refused, and looks for the tenant again.
const grace = 200 * time.Millisecond

// mover is a move at work.
type mover struct {
	cfg     pg.Config
	pool    *sqlx.DB
	in      installation.Installation
	options Options
	gates   int // over which tenants are spread
	report  func(line string)
	done    Report
}

// Run moves tenants, one transaction each, while they are served. It may be interrupted
// and repeated: each tenant is served at any time, and Run first takes from gates the
// tenants that an interrupted one has left them.
func Run(ctx context.Context, cfg pg.Config, options Options, report func(line string)) (Report, error) {
	cfg, err := cfg.WithDefaults()
	if err != nil {
		return Report{}, err
	}
	if err := options.check(); err != nil {
		return Report{}, err
	}
	m := &mover{cfg: cfg, pool: pg.ConnectOwn(cfg, 1), options: options, report: report}
	defer func() { _ = m.pool.Close() }()
	if err := m.run(ctx); err != nil {
		return m.done, pg.Translate(ctx, err, "move tenants")
	}
	return m.done, nil
}

func (m *mover) run(ctx context.Context) error {
	if err := m.begin(ctx); err != nil || m.options.DryRun {
		return err
	}
	if err := m.takeBack(ctx); err != nil {
		return err
	}
	reported := time.Now()
	for n, move := range m.done.Moves {
		if err := m.try(ctx, move); err != nil {
			return err
		}
		if last := n == len(m.done.Moves)-1; !last && (n+1)%batch != 0 {
			continue
		}
		if err := pause(ctx); err != nil {
			return err
		}
		if err := m.takeBack(ctx); err != nil {
			return err
		}
		if time.Since(reported) > reportEvery {
			reported = time.Now()
			m.report(fmt.Sprintf("moved %d of %d tenants", m.done.Moved, len(m.done.Moves)))
		}
	}
	return nil
}

// reportEvery is how often a move reports how far it is.
const reportEvery = 10 * time.Second

// begin refuses what must not be moved, and plans the moves.
func (m *mover) begin(ctx context.Context) error {
	sets, err := schema.LoadSets(m.cfg)
	if err != nil {
		return err
	}
	if m.in, err = inspection.Inspect(ctx, m.pool, m.cfg, schema.Sets{System: sets.System}); err != nil {
		return err
	}
	m.gates = m.in.Gates
	if m.options.Gates > 0 {
		m.gates = m.options.Gates
	}
	if m.gates > m.in.Gates || !m.options.Even && (m.options.To < 0 || m.options.To >= m.in.Gates) {
		return domain.Errorf(domain.Invalid, "there are %d gates, with the numbers from 0 to %d", m.in.Gates, m.in.Gates-1)
	}
	return pg.InScope(ctx, m.pool, m.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if m.in.Gates > 1 {
			if err := inspection.RefuseOneGatePrograms(ctx, tx, m.cfg, m.in); err != nil {
				return err
			}
		}
		m.done.Moves, err = m.plan(ctx, tx)
		return err
	})
}

// try moves one tenant. A failure that is the tenant's own stops no other.
func (m *mover) try(ctx context.Context, move Move) error {
	moved := false
	err := pg.InScope(ctx, m.pool, m.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		moved, err = m.move(ctx, tx, move)
		return err
	})
	switch {
	case err == nil && moved:
		m.done.Moved++
	case err != nil && (ctx.Err() != nil || pg.Unavailable(err)):
		return err
	case err != nil:
		m.fail(move.Tenant, err)
	}
	return nil
}

func (m *mover) fail(id domain.TenantID, err error) {
	m.done.Failures = append(m.done.Failures, Failure{id, pg.Complaint(err)})
	m.report(fmt.Sprintf("did not move %s: %s", id, pg.Complaint(err)))
}

// move grants the tenant's role to the new gate, and changes its row, in the caller's
// transaction. It reports false where the tenant is gone, or is no longer where it was
// when Run began.
func (m *mover) move(ctx context.Context, tx *sqlx.Tx, move Move) (bool, error) {
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock_shared($1)`, installation.GatesLock); err != nil {
		return false, err
	}
	var now struct{ Gate, Gates int }
	err := tx.GetContext(ctx, &now, `
		SELECT t.gate, i.gates FROM partywall.tenants t, partywall.installation i WHERE t.id = $1 FOR NO KEY UPDATE OF t`, move.Tenant.String())
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case now.Gate != move.From:
		return false, nil
	case move.To >= now.Gates:
		return false, domain.Errorf(domain.Conflict, "gate %d was removed meanwhile", move.To)
	}
	if err := m.in.Admit(ctx, tx, move.Tenant, move.To); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE partywall.tenants SET gate = $2 WHERE id = $1`, move.Tenant.String(), move.To)
	return err == nil, err
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(grace):
		return nil
	}
}
