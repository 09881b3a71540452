package fleet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// Runner brings tenants to the newest version of the sets. It has connections of its
// own, so that creations and requests never wait for one.
type Runner struct {
	cfg  pg.Config
	sets []schema.Set
	in   installation.Installation
	db   *sqlx.DB
	o    Options

	stop chan struct{} // closed: no tenant is begun any more, and what runs ends

	mu      sync.Mutex // guards what follows
	stopped bool       // stop is closed
	report  Report
	again   []domain.TenantID // busy in this round
	lost    error             // the connection was
}

// Run brings the tenants that are behind to the newest version of the sets. A tenant
// that fails is in the report, and is no error. Where a connection is lost, the run
// ends with it; the next one goes on from there.
func Run(ctx context.Context, cfg pg.Config, sets []schema.Set, o Options) (Report, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Report{}, err
	}
	r := &Runner{cfg: cfg, sets: sets, o: o, db: pg.ConnectOwn(cfg, o.Workers), stop: make(chan struct{})}
	defer func() { _ = r.db.Close() }()
	ids, err := r.behind(ctx)
	if err != nil || len(ids) == 0 {
		return r.report, err
	}
	err = r.run(ctx, ids)
	slices.SortFunc(r.report.Failures, func(a, b Failure) int { return strings.Compare(a.Tenant.String(), b.Tenant.String()) })
	return r.report, err
}

// behind returns the tenants to migrate in a random order, so that several runners
// meet seldom, and makes their leases.
func (r *Runner) behind(ctx context.Context) (ids []domain.TenantID, err error) {
	failed := ""
	if r.o.Failed {
		failed = ` AND t.id IN (SELECT tenant FROM partywall.migration_failures)`
	}
	err = pg.InScope(ctx, r.db, r.scope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if r.in, err = installation.Read(ctx, tx); err != nil {
			return err
		}
		if err := tx.GetContext(ctx, &r.report.Tenants, `SELECT count(*) FROM partywall.tenants t WHERE `+schema.KeepsData); err != nil {
			return err
		}
		ids, err = pg.TenantIDs(ctx, tx, `SELECT t.id FROM partywall.tenants t WHERE `+schema.Behind(r.sets)+failed+` ORDER BY t.id`)
		if err != nil {
			return err
		}
		if err := r.refusePooler(ctx, tx, ids); err != nil {
			return err
		}
		r.report.Behind = len(ids)
		rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		if r.o.Canary > 0 {
			ids = ids[:int(math.Ceil(r.o.Canary*float64(len(ids))))]
		}
		return schema.OfferLeases(ctx, tx, ids)
	})
	return ids, err
}

// run goes through the tenants, and again through those that were busy, until patience
// ends.
func (r *Runner) run(ctx context.Context, ids []domain.TenantID) error {
	defer r.watch()()
	var until time.Time
	for attempt := 0; ; attempt++ {
		last := attempt > 0 && time.Now().After(until)
		r.round(ctx, ids, last)
		if err := r.ended(ctx); err != nil || len(r.again) == 0 || r.stopped {
			return err
		}
		if attempt == 0 {
			until = time.Now().Add(r.o.Patience)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		ids = r.startOver()
	}
}

// startOver returns the tenants of the next round.
func (r *Runner) startOver() (ids []domain.TenantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids, r.again = r.again, nil
	return ids
}

// round has the workers go through the tenants once.
func (r *Runner) round(ctx context.Context, ids []domain.TenantID, last bool) {
	next := make(chan domain.TenantID)
	var workers sync.WaitGroup
	for range min(r.o.Workers, len(ids)) {
		workers.Go(func() {
			for id := range next {
				r.bring(ctx, id, last)
			}
		})
	}
	for _, id := range ids {
		select {
		case next <- id:
			continue
		case <-ctx.Done():
		case <-r.stop:
		}
		break
	}
	close(next)
	workers.Wait()
}

// ended returns why the run cannot go on, or nil.
func (r *Runner) ended(ctx context.Context) error {
	if err := pg.ContextErr(ctx); err != nil {
		return err
	}
	return r.lost
}

// bring migrates a tenant, and puts the result into the report.
func (r *Runner) bring(ctx context.Context, id domain.TenantID, last bool) {
	err := r.tenant(ctx, id)
	waits := schema.Busy(err) || errors.Is(err, schema.ErrLeased)
	switch {
	case err == nil:
		r.note(func() { r.report.Brought++ })
	case errors.Is(err, schema.ErrNotThere), errors.Is(err, errStopped), pg.ContextErr(ctx) != nil:
	case schema.Lost(err):
		r.note(func() { r.lost = fmt.Errorf("tenant %s: %w", id, err) })
		r.halt()
	case waits && !last:
		r.note(func() { r.again = append(r.again, id) })
	default:
		r.fail(ctx, id, err)
	}
}

func (r *Runner) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// halt begins no tenant any more.
func (r *Runner) halt() {
	r.note(func() {
		if !r.stopped {
			r.stopped = true
			close(r.stop)
		}
	})
}

// errStopped is the result of a tenant that was not migrated because another one failed.
var errStopped = errors.New("the run was stopped")

// halted returns errStopped once halt was called.
func (r *Runner) halted() error {
	select {
	case <-r.stop:
		return errStopped
	default:
		return nil
	}
}

// fail records a tenant that stays behind, in the report and in the database.
func (r *Runner) fail(ctx context.Context, id domain.TenantID, err error) {
	f := Failure{Tenant: id, Reason: pg.Describe(schema.RefusedFile(err, schema.Lost))}
	if schema.Busy(err) {
		f.Reason = pg.Describe(inspection.Locked(ctx, r.db, r.cfg, err))
	}
	if stored := r.remember(ctx, f); stored != nil {
		f.Reason += "; the failure could not be stored for doctor: " + pg.Complaint(stored)
	}
	r.note(func() { r.report.Failures = append(r.report.Failures, f) })
	if r.o.StopOnError {
		r.halt()
	}
}

func (r *Runner) remember(ctx context.Context, f Failure) error {
	return pg.InScope(ctx, r.db, r.scope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO partywall.migration_failures (tenant, failure) SELECT id, $2 FROM partywall.tenants WHERE id = $1
			ON CONFLICT (tenant) DO UPDATE SET failure = excluded.failure, failed_at = now()`, f.Tenant.String(), f.Reason)
		return err
	})
}

// pause waits before the next round: longer each time, and never as long as another
// runner that waits for the same.
func pause(ctx context.Context, attempt int) error {
	longest := min(100*time.Millisecond<<min(attempt, 10), 5*time.Second)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(longest/2 + rand.N(longest/2)):
		return nil
	}
}

// watch calls Progress now and then until the function that it returns is called. A panic
// of Progress ends the run, and is repeated in the caller's goroutine.
func (r *Runner) watch() (end func()) {
	if r.o.Progress == nil {
		return func() {}
	}
	done := make(chan bool)
	var panicked any
	var watching sync.WaitGroup
	watching.Go(func() {
		defer func() {
			if panicked = recover(); panicked != nil {
				r.halt()
			}
		}()
		tick := time.NewTicker(r.o.Every)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				r.o.Progress(r.progress())
			}
		}
	})
	return func() {
		close(done)
		watching.Wait()
		if panicked != nil {
			panic(panicked)
		}
	}
}

func (r *Runner) progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Progress{Tenants: r.report.Tenants, Behind: r.report.Behind, Brought: r.report.Brought, Failed: len(r.report.Failures), Waiting: len(r.again)}
}
