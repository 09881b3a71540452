package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

func TestAGreedyTenantDelaysItsNeighboursByOneTurn(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, pgtest.OneConnection, patiently)
	greedy, small := pgtest.MakeTenant(t, db, "greedy"), pgtest.MakeTenant(t, db, "small")
	var served []domain.TenantID // one at a time: the gate has one connection
	enter := func(id domain.TenantID) error {
		return db.InTenant(t.Context(), id, func(context.Context, *sqlx.Tx) error { served = append(served, id); return nil })
	}
	q := callers{waiting: db.Waiting}
	if err := db.InTenant(t.Context(), greedy, func(context.Context, *sqlx.Tx) error {
		for range 20 {
			q.queue(t, "greedy", func() error { return enter(greedy) })
		}
		for range 20 {
			q.queue(t, "a caller who proves nothing", func() error { _, err := db.Tenants().Probe(t.Context(), small); return err })
		}
		q.queue(t, "small", func() error { return enter(small) })
		return nil
	}); err != nil {
		t.Error(err)
	}
	q.all.Wait()
	if place := slices.Index(served, small); place > 1 {
		t.Errorf("the neighbour came after %d callers of the greedy tenant, want at most 1", place)
	}
}

// TestGreedyLookUpsDelayOthersByOneTurn has look-ups wait for the table that they read.
func TestGreedyLookUpsDelayOthersByOneTurn(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.OneConnection, patiently)
	user := func(name string) domain.Identity { return domain.Must(domain.NewIdentity("test", name)) }
	find := func(name string) error {
		_, err := db.Members().Find(t.Context(), user("ada"), domain.Must(domain.ParseTenantID(name)))
		if errors.Is(err, domain.CodeTenantNotFound) {
			return nil
		}
		return err
	}
	list := func(name string) error {
		_, err := db.Members().Memberships(t.Context(), user(name), 2)
		return err
	}
	for name, lookUp := range map[string]func(name string) error{"a tenant's members": find, "a user's tenants": list} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var served []string
			noted := func(name string) func() error {
				return func() error {
					err := lookUp(name)
					mu.Lock()
					defer mu.Unlock()
					served = append(served, name)
					return err
				}
			}
			use := domain.Must(pgtest.Superuser(t, cfg).BeginTxx(t.Context(), nil))
			domain.Must(use.ExecContext(t.Context(), `LOCK TABLE partywall.memberships`))
			q := callers{waiting: db.WaitingForSystem}
			q.all.Go(func() { _ = noted("greedy")() })
			for range 20 {
				q.queue(t, "greedy", noted("greedy"))
			}
			q.queue(t, "small", noted("small"))
			if err := use.Rollback(); err != nil {
				t.Fatal(err)
			}
			q.all.Wait()
			if place := slices.Index(served, "small"); place > 3 {
				t.Errorf("the other came after %d of the greedy one, want about 1", place)
			}
		})
	}
}

func patiently(cfg *postgres.Config) {
	cfg.AcquireTimeout, cfg.StatementTimeout, cfg.LockTimeout = 5*time.Minute, 5*time.Minute, 5*time.Minute
}

// callers wait for a pool, one behind the other.
type callers struct {
	waiting func() int
	all     sync.WaitGroup
}

// queue begins a call, and returns once it waits.
func (q *callers) queue(t *testing.T, who string, call func() error) {
	t.Helper()
	before := q.waiting()
	q.all.Go(func() {
		if err := call(); err != nil {
			t.Errorf("%s: %v", who, err)
		}
	})
	for q.waiting() == before {
		time.Sleep(time.Millisecond)
	}
}

func TestATenantWaitsForItselfBeyondItsLimitOfConnections(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, func(cfg *postgres.Config) {
		cfg.AcquireTimeout = time.Second
		cfg.MaxTenantConns = func(id domain.TenantID) int {
			if id.String() == "acme" {
				return 1
			}
			return 0
		}
	})
	acme, bolt := pgtest.MakeTenant(t, db, "acme"), pgtest.MakeTenant(t, db, "bolt")
	enter := func(id domain.TenantID, fn func()) error {
		return db.InTenant(t.Context(), id, func(context.Context, *sqlx.Tx) error { fn(); return nil })
	}
	err := enter(acme, func() {
		err := enter(acme, func() { t.Error("acme uses a second connection") })
		e, ok := errors.AsType[*domain.Error](err)
		if !errors.Is(err, domain.CodeTenantBusy) || !ok || e.Kind != domain.Limited || e.RetryAfter <= 0 {
			t.Errorf("beyond its limit: %v, want tenant_busy and when to try again", err)
		}
		if err := enter(bolt, func() {
			if err := enter(bolt, func() {}); err != nil {
				t.Errorf("a neighbour's second connection: %v", err)
			}
		}); err != nil {
			t.Errorf("a neighbour: %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	if err := enter(acme, func() {}); err != nil {
		t.Errorf("once its connection is free: %v", err)
	}
}
