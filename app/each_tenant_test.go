package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestAJobRunsInEachTenant(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	config := invoices // an installation of its own, without other tenants
	acme := apptest.Open(t, &config)
	beta, gamma := acme.Another(t), acme.Another(t)
	unclaimed := tenants.Creation{ID: parseID(t, "unclaimed")}
	operator := access.Installation()
	if _, err := acme.Tenants.Create(t.Context(), tenants.Creator{Operator: operator}, unclaimed); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := acme.EachTenant(t.Context(), operator, "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
		if tenant.ID == beta.ID {
			return errors.Join(book(900)(ctx, tx), broken)
		}
		return book(900)(ctx, tx)
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), beta.ID.String()) || strings.Contains(err.Error(), acme.ID.String()) {
		t.Errorf("the error is %v", err)
	}
	if a, b, c := total(t, acme), total(t, beta), total(t, gamma); a != 900 || b != 0 || c != 900 {
		t.Errorf("the fees are %d, %d, %d", a, b, c)
	}
	if err := acme.EachTenant(t.Context(), access.Operator{}, "no proof", nil); !errors.Is(err, domain.Forbidden) {
		t.Errorf("without a proof: %v", err)
	}
	if err := acme.EachTenant(t.Context(), operator, "two\nlines", nil); !errors.Is(err, domain.Invalid) {
		t.Errorf("with a reason on two lines: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	entered := 0
	err = acme.EachTenant(ctx, operator, "cancelled", func(context.Context, *sqlx.Tx, domain.Tenant) error {
		entered++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || entered != 1 {
		t.Errorf("cancelled after %d: %v", entered, err)
	}
}

// TestWorkThatEndsItsGoroutineDoesNotEndTheRound covers t.FailNow in a product's test,
// and every other call of runtime.Goexit.
func TestWorkThatEndsItsGoroutineDoesNotEndTheRound(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	config := invoices // an installation of its own, without other tenants
	var log syncBuffer
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	acme := apptest.Open(t, &config)
	all := []*apptest.Tenant{acme, acme.Another(t)}
	slices.SortFunc(all, func(a, b *apptest.Tenant) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	returned := false
	var err error
	var round sync.WaitGroup
	round.Go(func() {
		err = acme.EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
			err := book(900)(ctx, tx)
			if tenant.ID == all[0].ID {
				runtime.Goexit()
			}
			return err
		})
		returned = true
	})
	round.Wait()
	if !returned || err == nil || !strings.Contains(err.Error(), "in tenant "+all[0].ID.String()+": ") || !strings.Contains(err.Error(), "runtime.Goexit") {
		t.Errorf("EachTenant returned: %v, with error %v", returned, err)
	}
	if a, b := total(t, all[0]), total(t, all[1]); a != 0 || b != 900 {
		t.Errorf("the fees are %d, %d", a, b)
	}
	if said := log.String(); !strings.Contains(said, "a job ended its goroutine inside a tenant") || !strings.Contains(said, "tenant="+all[0].ID.String()) {
		t.Errorf("the log contains %s", said)
	}
}

func TestAPanicInOneTenantDoesNotEndTheRound(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	var log syncBuffer
	config := invoices
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	acme := apptest.Open(t, &config)
	all := []*apptest.Tenant{acme, acme.Another(t), acme.Another(t), acme.Another(t)}
	slices.SortFunc(all, func(a, b *apptest.Tenant) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	broken := errors.New("broken")
	entered := 0
	err := acme.EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
		entered++
		if err := book(900)(ctx, tx); err != nil {
			return err
		}
		switch tenant.ID {
		case all[0].ID:
			panic("lost my mind")
		case all[2].ID:
			panic(fmt.Errorf("very %w", broken))
		}
		return nil
	})
	if entered != 4 {
		t.Errorf("%d of 4 tenants were entered", entered)
	}
	if err == nil || !strings.Contains(err.Error(), "in tenant "+all[0].ID.String()+": panic: lost my mind") || !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if got := []int{total(t, all[0]), total(t, all[1]), total(t, all[2]), total(t, all[3])}; !slices.Equal(got, []int{0, 900, 0, 900}) {
		t.Errorf("the fees are %v", got)
	}
	if said := log.String(); strings.Count(said, "outcome=panic") != 2 || !strings.Contains(said, "each_tenant_test.go") {
		t.Errorf("the log contains %s", said)
	}
}

// roundOf is an installation of its own with some tenants, in the order of their IDs.
func roundOf(t *testing.T, n int) []*apptest.Tenant {
	t.Helper()
	config := invoices
	config.Logger = slog.New(slog.DiscardHandler)
	all := []*apptest.Tenant{apptest.Open(t, &config)}
	for len(all) < n {
		all = append(all, all[0].Another(t))
	}
	slices.SortFunc(all, func(a, b *apptest.Tenant) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	return all
}

func TestARoundRunsInParallelUpToItsLimit(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	const parallel = 3
	all := roundOf(t, 7)
	var mu sync.Mutex
	atWork, most := 0, 0
	together := make(chan struct{}) // closed when so many are at work at once
	err := all[0].EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant) error {
		mu.Lock()
		atWork++
		if most = max(most, atWork); atWork == parallel && most == parallel {
			select {
			case <-together:
			default:
				close(together)
			}
		}
		mu.Unlock()
		defer func() { mu.Lock(); atWork--; mu.Unlock() }()
		select {
		case <-together:
		case <-ctx.Done():
		}
		return book(900)(ctx, tx)
	}, app.Parallel(parallel))
	if err != nil || most != parallel {
		t.Errorf("%d of at most %d were at work at once: %v", most, parallel, err)
	}
	for _, x := range all {
		if got := total(t, x); got != 900 {
			t.Errorf("%s has %d", x.ID, got)
		}
	}
	err = all[0].EachTenant(t.Context(), access.Installation(), "look", func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant) error {
		return book(1)(ctx, tx)
	}, app.Parallel(1000), app.TxOptions(app.ReadOnly))
	if failures := len(tenantErrors(err)); failures != len(all) {
		t.Errorf("%d read-only transactions refused a write: %v", failures, err)
	}
}

// tenantErrors returns the failures that EachTenant joined.
func tenantErrors(err error) (found []*app.TenantError) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			if e, ok := errors.AsType[*app.TenantError](err); ok {
				found = append(found, e)
			}
		}
	}
	return found
}

// TestARoundResumesWhereItWasCancelled cancels a round, in which a tenant fails, and then
// continues it from its last cursor until all is done.
func TestARoundResumesWhereItWasCancelled(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	for _, parallel := range []int{1, 4} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			t.Parallel()
			all := roundOf(t, 10)
			broken := errors.New("broken")
			var progress app.RoundProgress
			keep := app.OnProgress(func(p app.RoundProgress) { progress = p })
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := all[0].EachTenant(ctx, access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
				if tenant.ID == all[1].ID {
					return broken
				}
				if err := bookOnce(ctx, tx); err != nil {
					return err
				}
				if tenant.ID == all[6].ID {
					cancel()
				}
				return nil
			}, app.Parallel(parallel), keep)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("the cancelled round: %v", err)
			}
			cursor := progress.Cursor
			for i, x := range all {
				passed := x.ID.String() <= cursor.After.String()
				if done := total(t, x) == 900; passed && !done && i != 1 || i >= 6 && passed {
					t.Errorf("the cursor %s is past tenant %d, %s, where the work is done: %v", cursor, i, x.ID, done)
				}
			}
			if i := slices.Index(cursor.Failed, all[1].ID); (i >= 0) != (all[1].ID.String() <= cursor.After.String()) {
				t.Errorf("the cursor is %s, and %s failed", cursor, all[1].ID)
			}

			stored, err := app.ParseRoundCursor(cursor.String())
			if err != nil {
				t.Fatal(err)
			}
			var visited []domain.TenantID
			var mu sync.Mutex
			err = all[0].EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
				mu.Lock()
				visited = append(visited, tenant.ID)
				mu.Unlock()
				return bookOnce(ctx, tx)
			}, app.Parallel(parallel), app.ResumeFrom(stored), keep)
			if err != nil {
				t.Fatal(err)
			}
			if last := all[len(all)-1].ID; progress.Cursor.After != last || len(progress.Cursor.Failed) != 0 || progress.Done != len(visited) {
				t.Errorf("at the end: %+v; want the cursor %s", progress, last)
			}
			for i, x := range all {
				if passed := x.ID.String() <= cursor.After.String() && i != 1; passed == slices.Contains(visited, x.ID) {
					t.Errorf("tenant %d, %s, is before the cursor: %v; and it was visited again", i, x.ID, passed)
				}
				if got := total(t, x); got != 900 {
					t.Errorf("tenant %d has %d", i, got)
				}
			}
		})
	}
}

// bookOnce books the fee unless it is booked, because a round may visit a tenant twice.
func bookOnce(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO invoices (cents) SELECT 900 WHERE NOT EXISTS (SELECT FROM invoices)`)
	return err
}

func TestProgressCountsEachTenant(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	all := roundOf(t, 4)
	if _, err := all[0].Tenants.Suspend(t.Context(), operatorOf(t, all[2].ID), "unpaid"); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	var seen []app.RoundProgress
	err := all[0].EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
		if tenant.ID == all[1].ID {
			return broken
		}
		return nil
	}, app.OnProgress(func(p app.RoundProgress) { seen = append(seen, p) }))
	if failures := tenantErrors(err); len(failures) != 1 || failures[0].Tenant != all[1].ID || !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if len(seen) != 4 {
		t.Fatalf("progress was reported %d times", len(seen))
	}
	for i, want := range []app.RoundProgress{{Done: 1}, {Done: 1, Failed: 1}, {Done: 1, Failed: 1, Skipped: 1}, {Done: 2, Failed: 1, Skipped: 1}} {
		got := seen[i]
		if got.Tenant != all[i].ID || got.Cursor.After != all[i].ID || (got.Err != nil) != (i == 1) ||
			got.Done != want.Done || got.Failed != want.Failed || got.Skipped != want.Skipped || len(got.Cursor.Failed) != want.Failed {
			t.Errorf("after tenant %d: %+v, want %+v", i, got, want)
		}
	}
}

// TestAPanicOfProgressIsTheCallers also requires that no work goes on behind it.
func TestAPanicOfProgressIsTheCallers(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	all := roundOf(t, 4)
	var working atomic.Int64
	func() {
		defer func() {
			if got := recover(); got != "lost my mind" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = all[0].EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
			working.Add(1)
			defer working.Add(-1)
			if tenant.ID != all[0].ID {
				<-ctx.Done()
			}
			return ctx.Err()
		}, app.Parallel(2), app.OnProgress(func(app.RoundProgress) { panic("lost my mind") }))
	}()
	if n := working.Load(); n != 0 {
		t.Errorf("%d tenants are still at work", n)
	}
}

func TestEachTenantIsOneEventOfAWorker(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	all := roundOf(t, 2)
	if err := all[0].EachTenant(t.Context(), access.Installation(), " monthly fee ", func(context.Context, *sqlx.Tx, domain.Tenant) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		mustHaveAdmittedAWorker(t, x, "monthly fee")
	}
}

// mustHaveAdmittedAWorker fails unless the tenant has one event of a worker, for the
// reason.
func mustHaveAdmittedAWorker(t *testing.T, x *apptest.Tenant, reason string) {
	t.Helper()
	manager, err := access.Installation().Manager(x.ID)
	if err != nil {
		t.Fatal(err)
	}
	var found []domain.Event
	for ; len(found) == 0; time.Sleep(time.Millisecond) { // until the sequencer has numbered it
		page, err := x.Events.List(t.Context(), manager, events.Query{Kind: domain.EventWorkerAdmitted, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		found = page.Events
	}
	var data domain.WorkerEventData
	if err := found[0].Decode(&data); err != nil || len(found) != 1 || data.Reason != reason {
		t.Errorf("%s has the events %+v: %v", x.ID, found, err)
	}
}
