package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

func mustFindDefaults(t testing.TB, db *postgres.DB) {
	t.Helper()
	pgtest.MustFindDefaults(t, db.Gate())
}

func TestInTenant(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, _ := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection, change)
			commitOrNot(t, db)
			misuseScope(t, db)
			refuseTenants(t, db)
			limitTime(t, db)
			endWithTransaction(t, db)
		})
	}
}

func commitOrNot(t *testing.T, db *postgres.DB) {
	acme := pgtest.MakeTenant(t, db, "commits")
	t.Run("its writes are committed when it returns nil", func(t *testing.T) {
		pgtest.Note(t, db, acme, "kept")
		if got := pgtest.Notes(t, db, acme); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("there is %q", got)
		}
	})
	t.Run("its writes are undone when it returns an error, which comes back as it is", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			return errors.Join(pgtest.InsertNote("undone")(ctx, tx), pgtest.ErrProduct)
		})
		pgtest.MustBe(t, err, pgtest.ErrProduct)
		if got := pgtest.Notes(t, db, acme); len(got) != 1 {
			t.Errorf("there is %q", got)
		}
	})
	t.Run("a statement's error comes back with the server's words", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO notes (id, text) OVERRIDING SYSTEM VALUE VALUES (1, 'twice')`)
			return err
		})
		if pq.As(err, pqerror.UniqueViolation) == nil {
			t.Errorf("got %v", err)
		}
	})
	t.Run("its writes are undone when it panics, and the panic goes on", func(t *testing.T) {
		defer func() {
			if recover() != "the product's panic" {
				t.Error("the panic was lost")
			}
			if got := pgtest.Notes(t, db, acme); len(got) != 1 {
				t.Errorf("there is %q", got)
			}
			mustFindDefaults(t, db)
		}()
		_ = db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_ = pgtest.InsertNote("undone")(ctx, tx)
			panic("the product's panic")
		})
	})
	t.Run("a constraint that is checked at the end fails the whole", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO notes (text, parent) VALUES ('orphan', 999)`)
			return err
		})
		if pq.As(err, pqerror.ForeignKeyViolation) == nil {
			t.Errorf("got %v", err)
		}
		mustFindDefaults(t, db)
		if got := pgtest.Notes(t, db, acme); len(got) != 1 {
			t.Errorf("there is %q", got)
		}
	})
}

func misuseScope(t *testing.T, db *postgres.DB) {
	acme := pgtest.MakeTenant(t, db, "misuse")
	t.Run("an error that the function ignores fails the transaction", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_ = pgtest.InsertNote("lost")(ctx, tx)
			_, _ = tx.ExecContext(ctx, `SELECT * FROM nowhere`)
			return nil
		})
		pgtest.MustBe(t, err, postgres.CodeScopeFailed)
		mustFindDefaults(t, db)
	})
	for name, text := range map[string]string{
		"COMMIT":                   `COMMIT`,
		"ROLLBACK":                 `ROLLBACK`,
		"COMMIT and BEGIN":         `COMMIT; BEGIN; INSERT INTO tenant_misuse.notes (text) VALUES ('second')`,
		"COMMIT and a lasting SET": `COMMIT; SET search_path = tenant_misuse; SET ROLE NONE; SET default_transaction_read_only = on`,
	} {
		t.Run(name+" as text isn't a success, and the connection isn't used again", func(t *testing.T) {
			before := pgtest.Query[int](t, db.Gate(), `SELECT pg_backend_pid()`)
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				_, _ = tx.ExecContext(ctx, text)
				return nil
			})
			if !errors.Is(err, postgres.CodeScopeEnded) && !errors.Is(err, postgres.CodeScopeFailed) {
				t.Errorf("got %v", err)
			}
			if strings.Contains(err.Error(), "division") || strings.Contains(err.Error(), "invalid input") {
				t.Errorf("it speaks of how that was found: %v", err)
			}
			if after := pgtest.Query[int](t, db.Gate(), `SELECT pg_backend_pid()`); errors.Is(err, postgres.CodeScopeEnded) && after == before {
				t.Error("the connection was used again")
			}
			mustFindDefaults(t, db)
		})
	}
	t.Run("an error of a deferred trigger is not taken for a refused COMMIT", func(t *testing.T) {
		for _, failing := range []string{`PERFORM 1 / 0`, `PERFORM 'no number'::int`} {
			executeOwn(t, db, `SET search_path = tenant_misuse; CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+failing+`; END $$;
				DROP TRIGGER IF EXISTS late ON notes; CREATE CONSTRAINT TRIGGER late AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail(); RESET search_path`)
			err := db.InTenant(t.Context(), acme, pgtest.InsertNote("never"))
			if sqlState := pq.As(err); sqlState == nil || errors.Is(err, postgres.CodeScopeEnded) {
				t.Errorf("got %v", err)
			}
			mustFindDefaults(t, db)
		}
		executeOwn(t, db, `DROP TRIGGER late ON tenant_misuse.notes`)
	})
	t.Run("statements after a COMMIT in the text are not committed", func(t *testing.T) {
		if slices.Contains(pgtest.Notes(t, db, acme), "second") {
			t.Error("it was")
		}
	})
	for name, end := range map[string]func(*sqlx.Tx) error{"Commit": (*sqlx.Tx).Commit, "Rollback": (*sqlx.Tx).Rollback} {
		t.Run(name+" by the function itself isn't a success", func(t *testing.T) {
			err := db.InTenant(t.Context(), acme, func(_ context.Context, tx *sqlx.Tx) error { return end(tx) })
			pgtest.MustBe(t, err, postgres.CodeScopeEnded)
			mustFindDefaults(t, db)
		})
	}
	t.Run("a transaction that the function kept is refused after the scope", func(t *testing.T) {
		var kept *sqlx.Tx
		if err := db.InTenant(t.Context(), acme, func(_ context.Context, tx *sqlx.Tx) error { kept = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		late := make(chan error)
		go func() { late <- pgtest.InsertNote("late")(t.Context(), kept) }()
		pgtest.MustBe(t, <-late, sql.ErrTxDone)
	})
	t.Run("a scope inside a scope is refused, a tenant's creation too", func(t *testing.T) {
		for _, nested := range []func(context.Context) error{
			func(ctx context.Context) error { return db.InTenant(ctx, acme, pgtest.InsertNote("nested")) },
			func(ctx context.Context) error {
				_, err := db.Tenants().Create(ctx, pgtest.Creation(t, "nested"))
				return err
			},
		} {
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, _ *sqlx.Tx) error { return nested(ctx) })
			pgtest.MustBe(t, err, postgres.CodeScopeNested)
		}
	})
}

// executeOwn runs a statement as DB_USER.
func executeOwn(t *testing.T, db *postgres.DB, statement string) {
	t.Helper()
	conn := ownConn(t, db)
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func refuseTenants(t *testing.T, db *postgres.DB) {
	suspended, unclaimed := pgtest.MakeTenant(t, db, "suspended"), pgtest.Reserve(t, db, "unclaimed")
	conn := ownConn(t, db)
	if _, err := conn.ExecContext(t.Context(), `UPDATE partywall.tenants SET status = 'suspended' WHERE id = 'suspended'`); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	t.Run("a tenant that is unknown, suspended or unclaimed is not found, and costs no connection", func(t *testing.T) {
		before := pgtest.Query[int](t, db.Gate(), `SELECT pg_backend_pid()`)
		for _, id := range []domain.TenantID{pgtest.TenantID(t, "unknown"), suspended, unclaimed.ID} {
			err := db.InTenant(t.Context(), id, func(context.Context, *sqlx.Tx) error {
				t.Errorf("%s was entered", id)
				return nil
			})
			pgtest.MustBe(t, err, domain.CodeTenantNotFound)
		}
		mustFindDefaults(t, db)
		if after := pgtest.Query[int](t, db.Gate(), `SELECT pg_backend_pid()`); after != before {
			t.Error("it's another connection")
		}
	})
	t.Run("no tenant is invalid", func(t *testing.T) {
		pgtest.MustBe(t, db.InTenant(t.Context(), domain.TenantID{}, nil), domain.Invalid)
	})
}

func limitTime(t *testing.T, db *postgres.DB) {
	acme := pgtest.MakeTenant(t, db, "slow")
	sleep := func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `SELECT pg_sleep(25)`)
		return err
	}
	t.Run("a deadline ends it at once, with the context's own error", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		pgtest.MustBe(t, db.InTenant(ctx, acme, sleep), context.DeadlineExceeded)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		mustFindDefaults(t, db)
	})
	t.Run("a cancel ends a statement that doesn't heed the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		began := time.Now()
		err := db.InTenant(ctx, acme, func(_ context.Context, tx *sqlx.Tx) error { return sleep(context.Background(), tx) })
		pgtest.MustBe(t, err, context.Canceled)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		mustFindDefaults(t, db)
	})
}

// endWithTransaction tries what outlives a transaction.
func endWithTransaction(t *testing.T, db *postgres.DB) {
	acme := pgtest.MakeTenant(t, db, "leaves")
	for _, statement := range []string{
		`SET default_transaction_read_only = on`,
		`SET statement_timeout = '1ms'`,
		`SET search_path = public`,
		`SET work_mem = '1MB'; SET TimeZone = 'Asia/Tokyo'`,
		`SELECT set_config('partywall.scope', 'leaves', false)`,
		`SELECT pg_advisory_lock(42)`,
		`SELECT pg_advisory_lock_shared(43)`,
		`LISTEN leaves`,
		`DECLARE leaves CURSOR WITH HOLD FOR SELECT 1`,
		`PREPARE leaves AS SELECT 1`,
		`SET ROLE NONE`,
		`RESET ROLE`,
	} {
		for _, end := range []error{nil, pgtest.ErrProduct} {
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				if _, err := tx.ExecContext(ctx, statement); err != nil && pq.As(err, pqerror.QueryCanceled) == nil {
					return err
				}
				return end
			})
			ended := pq.As(err, pqerror.QueryCanceled) != nil // by the timeout that the statement set
			if !errors.Is(err, end) && !errors.Is(err, domain.Unavailable) && !ended {
				t.Errorf("%s: %v", statement, err)
			}
			mustFindDefaults(t, db)
		}
	}
	t.Run("a temporary table does not outlive the scope, or is denied", func(t *testing.T) {
		_ = db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `CREATE TEMP TABLE notes (text text)`)
			return err
		})
		mustFindDefaults(t, db)
		pgtest.Note(t, db, acme, "in the real table")
		if got := pgtest.Notes(t, db, acme); len(got) != 1 {
			t.Errorf("there is %q", got)
		}
	})
	t.Run("the last value of a sequence is not left to the next borrower", func(t *testing.T) {
		pgtest.Note(t, db, acme, "one")
		if _, err := db.Gate().ExecContext(t.Context(), `SELECT lastval()`); err == nil {
			t.Error("it is")
		}
	})
}

func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection, func(cfg *postgres.Config) {
		cfg.StatementTimeout, cfg.LockTimeout, cfg.IdleTimeout = 3*time.Second, 2*time.Second, 3*time.Second // our own statements have them, too
	})
	acme := pgtest.MakeTenant(t, db, "acme")
	t.Run("a statement that takes too long fails with the server's words", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `SELECT pg_sleep(25)`)
			return err
		})
		pgtest.MustBeServerError(t, err, pqerror.QueryCanceled)
		mustFindDefaults(t, db)
	})
	t.Run("a transaction that is idle too long returns unavailable, and its connection is replaced", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			time.Sleep(5 * time.Second)
			return pgtest.InsertNote("late")(ctx, tx)
		})
		pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
		mustFindDefaults(t, db)
		if got := pgtest.Notes(t, db, acme); len(got) != 0 {
			t.Errorf("there is %q", got)
		}
	})
}

func TestInterruptedScopes(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, _ := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection, change)
			tenants := []domain.TenantID{pgtest.MakeTenant(t, db, "acme"), pgtest.MakeTenant(t, db, "rival")}
			for i := range 90 {
				interrupt(t, db, tenants[i%2], i)
			}
			for _, id := range tenants {
				for _, text := range pgtest.Notes(t, db, id) {
					if !strings.HasPrefix(text, id.String()) {
						t.Errorf("%s has %q", id, text)
					}
				}
			}
		})
	}
}

// interrupt cancels a scope at any point, or panics in it, and looks what the
// next borrower finds.
func interrupt(t *testing.T, db *postgres.DB, id domain.TenantID, i int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if i%3 != 0 {
		time.AfterFunc(time.Duration(rand.IntN(2500))*time.Microsecond, cancel)
	}
	func() {
		defer func() { _ = recover() }()
		err := db.InTenant(ctx, id, func(ctx context.Context, tx *sqlx.Tx) error {
			for range 4 {
				if err := pgtest.InsertNote(id.String()+"'s")(ctx, tx); err != nil {
					return err
				}
			}
			if i%3 == 0 {
				panic("in the middle")
			}
			return nil
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("round %d: %v", i, err)
		}
	}()
	mustFindDefaults(t, db)
}

func TestFailedOpening(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection)
	acme, rival := pgtest.MakeTenant(t, db, "acme"), pgtest.MakeTenant(t, db, "rival")
	super := pgtest.Superuser(t, cfg)
	role := `"pw_` + pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`) + `_t_acme"`
	pgtest.Execute(t, super, `DROP OWNED BY `+role+`; DROP ROLE `+role)
	err := db.InTenant(t.Context(), acme, func(context.Context, *sqlx.Tx) error {
		t.Error("a tenant without its role was entered")
		return nil
	})
	if !errors.Is(err, domain.CodeTenantUpgrading) || !strings.Contains(err.Error(), "app.Setup") {
		t.Errorf("got %v", err)
	}
	mustFindDefaults(t, db)
	pgtest.Note(t, db, rival, "served")
}
