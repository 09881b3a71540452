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
	db, _ := pgtest.Open(t, pgtest.OneConnection, func(cfg *postgres.Config) { cfg.AcquireTimeout = 5 * time.Minute })
	greedy, small := pgtest.MakeTenant(t, db, "greedy"), pgtest.MakeTenant(t, db, "small")
	var served []domain.TenantID // one at a time: the gate has one connection
	enter := func(id domain.TenantID) error {
		return db.InTenant(t.Context(), id, func(context.Context, *sqlx.Tx) error { served = append(served, id); return nil })
	}
	var callers sync.WaitGroup
	queue := func(who string, call func() error) {
		waiting := db.Waiting()
		callers.Go(func() {
			if err := call(); err != nil {
				t.Errorf("%s: %v", who, err)
			}
		})
		for db.Waiting() == waiting {
			time.Sleep(time.Millisecond)
		}
	}
	if err := db.InTenant(t.Context(), greedy, func(context.Context, *sqlx.Tx) error {
		for range 20 {
			queue("greedy", func() error { return enter(greedy) })
		}
		for range 20 {
			queue("a caller who proves nothing", func() error { _, err := db.Tenants().Probe(t.Context(), small); return err })
		}
		queue("small", func() error { return enter(small) })
		return nil
	}); err != nil {
		t.Error(err)
	}
	callers.Wait()
	if place := slices.Index(served, small); place > 1 {
		t.Errorf("the neighbour came after %d callers of the greedy tenant, want at most 1", place)
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
