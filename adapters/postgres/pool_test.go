package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
)

func TestPool(t *testing.T) {
	t.Parallel()
	hold := make(chan chan bool, 1) // what OnProvision waits for
	db, cfg := open(t, oneConnection, func(cfg *postgres.Config) {
		cfg.AcquireTimeout = 100 * time.Millisecond
		cfg.OnProvision = func(_ context.Context, _ *sqlx.Tx, tenant domain.Tenant, _ domain.Identity) error {
			if tenant.ID.String() == "held" {
				released := make(chan bool)
				hold <- released
				<-released
			}
			return nil
		}
	})
	acme, who := makeTenant(t, db, "acme"), identity(t, "owner-of-acme")
	clock := func(ctx context.Context) error { _, err := db.Tenants().Clock(ctx, acme); return err }
	enter := func(ctx context.Context) error {
		return db.InTenant(ctx, acme, func(context.Context, *sqlx.Tx) error { return nil })
	}
	find := func(ctx context.Context) error { _, _, err := db.Members().Find(ctx, who, acme); return err }
	create := func(ctx context.Context) error {
		_, err := db.Tenants().Create(ctx, owned(t, "taken"))
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
			lock := domain.Must(superuser(t, cfg).BeginTxx(t.Context(), nil))
			defer func() { _ = lock.Rollback() }()
			if _, err := lock.Exec(`LOCK TABLE partywall.memberships`); err != nil {
				t.Fatal(err)
			}
			var holder sync.WaitGroup
			holder.Go(func() { _ = find(t.Context()) })
			for query[int](t, lock, `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`) == 0 {
				time.Sleep(5 * time.Millisecond)
			}
			test()
			_ = lock.Rollback()
			holder.Wait()
		},
		"the provisioner's": func(t *testing.T, test func()) {
			var holder sync.WaitGroup
			holder.Go(func() { makeTenant(t, db, "held") })
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
		t.Run("who finds all connections busy doesn't wait for long: "+pool, func(t *testing.T) {
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
	t.Run("a busy tenant keeps nobody from the registry", func(t *testing.T) {
		occupied["a tenant's"](t, func() {
			if err := find(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

// mustTurnAway fails unless a caller is told to come again, or gets the error of
// a context that is done before.
func mustTurnAway(t *testing.T, name string, call func(context.Context) error) {
	t.Helper()
	asked := time.Now()
	err := call(t.Context())
	mustBe(t, err, domain.CodeDatabaseUnavailable)
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.RetryAfter <= 0 {
		t.Errorf("%s doesn't say when to ask again: %v", name, err)
	}
	if waited := time.Since(asked); waited < 100*time.Millisecond || waited > 3*time.Second {
		t.Errorf("%s waited for %s", name, waited)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	mustBe(t, call(ctx), context.DeadlineExceeded)
	gone, hangUp := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, hangUp)
	mustBe(t, call(gone), context.Canceled)
}

func TestAConnectionToAStandbyIsGivenUp(t *testing.T) {
	t.Parallel()
	db, _ := open(t, withNotes, oneConnection)
	acme := makeTenant(t, db, "acme")
	const write = `INSERT INTO notes (text) VALUES ('x')`
	prepared := func(ctx context.Context, tx *sqlx.Tx) (*sqlx.Stmt, error) { return tx.PreparexContext(ctx, write) }
	for name, attempt := range map[string]func(ctx context.Context, tx *sqlx.Tx) error{
		"Exec": func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, write)
			return err
		},
		"Exec with an argument": func(ctx context.Context, tx *sqlx.Tx) error { return insertNote("x")(ctx, tx) },
		"Query": func(ctx context.Context, tx *sqlx.Tx) error {
			rows, err := tx.QueryContext(ctx, write+` RETURNING id`)
			if err != nil {
				return err
			}
			return errors.Join(rows.Err(), rows.Close())
		},
		"a Query that fails behind its first row": func(ctx context.Context, tx *sqlx.Tx) error {
			rows, err := tx.QueryContext(ctx, `SELECT CASE n WHEN 2000 THEN nextval('notes_id_seq') END FROM generate_series(1, 3000) n`)
			if err != nil {
				return err
			}
			for rows.Next() {
			}
			return errors.Join(rows.Err(), rows.Close())
		},
		"a Query that is closed before it fails": func(ctx context.Context, tx *sqlx.Tx) error {
			rows, err := tx.QueryContext(ctx, `SELECT CASE n WHEN 2000 THEN nextval('notes_id_seq') END FROM generate_series(1, 3000) n`)
			if err != nil {
				return err
			}
			return rows.Close()
		},
		"a prepared Exec": func(ctx context.Context, tx *sqlx.Tx) error {
			stmt, err := prepared(ctx, tx)
			if err != nil {
				return err
			}
			_, err = stmt.ExecContext(ctx)
			return err
		},
		"a prepared Query": func(ctx context.Context, tx *sqlx.Tx) error {
			stmt, err := prepared(ctx, tx)
			if err != nil {
				return err
			}
			rows, err := stmt.QueryContext(ctx)
			if err != nil {
				return err
			}
			return rows.Close()
		},
		"a named statement": func(ctx context.Context, tx *sqlx.Tx) error {
			stmt, err := tx.PrepareNamedContext(ctx, `INSERT INTO notes (text) VALUES (:text)`)
			if err != nil {
				return err
			}
			_, err = stmt.ExecContext(ctx, map[string]any{"text": "x"})
			return err
		},
		"CopyIn": func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.PrepareContext(ctx, pq.CopyIn("notes", "text"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var demoted int
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				demoted = query[int](t, tx, `SELECT pg_backend_pid()`)
				if _, err := tx.ExecContext(ctx, `SET TRANSACTION READ ONLY`); err != nil { // so a standby's are
					return err
				}
				return attempt(ctx, tx)
			})
			mustBe(t, err, domain.CodeDatabaseUnavailable)
			if next := query[int](t, db.Gate(), `SELECT pg_backend_pid()`); next == demoted {
				t.Error("it's used again")
			}
		})
	}
	t.Run("a copy goes through a connection that may write", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			stmt, err := tx.PrepareContext(ctx, pq.CopyIn("notes", "text"))
			if err != nil {
				return err
			}
			for _, text := range []string{"one", "two"} {
				if _, err := stmt.ExecContext(ctx, text); err != nil {
					return err
				}
			}
			result, err := stmt.ExecContext(ctx)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); n != 2 || err != nil {
				t.Errorf("it copied %d, %v", n, err)
			}
			return stmt.Close()
		})
		if err != nil {
			t.Error(err)
		}
	})
}
