package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

func TestPool(t *testing.T) {
	t.Parallel()
	hold := make(chan chan bool, 1) // what OnProvision waits for
	db, cfg := pgtest.Open(t, pgtest.OneConnection, func(cfg *postgres.Config) {
		cfg.AcquireTimeout = time.Second // long beside the 10 ms after which a caller hangs up, on a busy machine too
		cfg.OnProvision = func(_ context.Context, _ *sqlx.Tx, tenant domain.Tenant, _ domain.Identity) error {
			if tenant.ID.String() == "held" {
				released := make(chan bool)
				hold <- released
				<-released
			}
			return nil
		}
	})
	acme, who := pgtest.MakeTenant(t, db, "acme"), pgtest.Identity(t, "owner-of-acme")
	clock := func(ctx context.Context) error { _, err := db.Tenants().Probe(ctx, acme); return err }
	enter := func(ctx context.Context) error {
		return db.InTenant(ctx, acme, func(context.Context, *sqlx.Tx) error { return nil })
	}
	find := func(ctx context.Context) error { _, err := db.Members().Find(ctx, who, acme); return err }
	create := func(ctx context.Context) error {
		_, err := db.Tenants().Create(ctx, pgtest.Creation(t, "taken"))
		if errors.Is(err, domain.CodeTenantExists) {
			return nil
		}
		return err
	}
	// occupied runs test while the only connection of a pool is taken.
	occupied := map[string]func(t *testing.T, test func()){
		"a tenant's": func(t *testing.T, test func()) {
			if err := db.InTenant(t.Context(), acme, func(context.Context, *sqlx.Tx) error { test(); return nil }); err != nil {
				t.Error(err)
			}
		},
		"the registry's": func(t *testing.T, test func()) {
			lock := domain.Must(pgtest.Superuser(t, cfg).BeginTxx(t.Context(), nil))
			defer func() { _ = lock.Rollback() }()
			if _, err := lock.Exec(`LOCK TABLE partywall.memberships`); err != nil {
				t.Fatal(err)
			}
			var holder sync.WaitGroup
			holder.Go(func() { _ = find(t.Context()) })
			for pgtest.Query[int](t, lock, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`) == 0 {
				time.Sleep(5 * time.Millisecond)
			}
			test()
			_ = lock.Rollback()
			holder.Wait()
		},
		"the provisioner's": func(t *testing.T, test func()) {
			var holder sync.WaitGroup
			holder.Go(func() { pgtest.MakeTenant(t, db, "held") })
			released := <-hold
			test()
			close(released)
			holder.Wait()
		},
	}
	for pool, callers := range map[string]map[string]func(context.Context) error{
		"a tenant's":        {"InTenant": enter, "Clock": clock, "Ready": db.Ready},
		"the registry's":    {"Find": find, "Ready": db.Ready},
		"the provisioner's": {"Create": create},
	} {
		t.Run("a caller waits for a busy connection no longer than AcquireTimeout: "+pool, func(t *testing.T) {
			occupied[pool](t, func() {
				for name, call := range callers {
					mustTurnAway(t, name, call)
				}
			})
			for name, call := range callers {
				if err := call(t.Context()); err != nil {
					t.Errorf("%s, with a connection free again: %v", name, err)
				}
			}
		})
	}
	t.Run("a busy tenant leaves the registry usable", func(t *testing.T) {
		occupied["a tenant's"](t, func() {
			if err := find(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

// mustTurnAway fails unless the error says when to try again, or is the error of
// a context that is done before.
func mustTurnAway(t *testing.T, name string, call func(context.Context) error) {
	t.Helper()
	asked := time.Now()
	err := call(t.Context())
	pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.RetryAfter <= 0 {
		t.Errorf("%s doesn't say when to ask again: %v", name, err)
	}
	if waited := time.Since(asked); waited < time.Second || waited > 30*time.Second {
		t.Errorf("%s waited for %s", name, waited)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	pgtest.MustBe(t, call(ctx), context.DeadlineExceeded)
	gone, hangUp := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, hangUp)
	pgtest.MustBe(t, call(gone), context.Canceled)
}
