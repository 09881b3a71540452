package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// withJobs gives the installation a table for all tenants, and a function.
func withJobs(cfg *postgres.Config) {
	pgtest.WithNotes(cfg)
	cfg.SharedMigrations = fstest.MapFS{"0001_jobs.sql": {Data: []byte(`
		CREATE TABLE jobs (id bigserial PRIMARY KEY, kind text NOT NULL);
		CREATE FUNCTION waiting() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shared.jobs'`)}}
}

func enqueue(kind string) func(context.Context, *sqlx.Tx) error {
	return func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO jobs (kind) VALUES ($1)`, kind)
		return err
	}
}

func TestSharedSQL(t *testing.T) {
	t.Parallel()
	for name, roles := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, withJobs, roles)
			acme := pgtest.MakeTenant(t, db, "acme")
			pgtest.Note(t, db, acme, "acme's")
			broken := errors.New("broken")
			err := db.InShared(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
				return errors.Join(enqueue("lost")(ctx, tx), broken)
			})
			if !errors.Is(err, broken) {
				t.Errorf("its function's error is %v", err)
			}
			if err := db.InShared(t.Context(), enqueue("bill")); err != nil {
				t.Fatal(err)
			}
			err = db.InShared(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
				if got := pgtest.Query[string](t, tx, `SELECT current_setting('search_path')`); got != "shared, ext, pg_temp" {
					t.Errorf("the path is %s", got)
				}
				if got := pgtest.Query[int](t, tx, `SELECT waiting()`); got != 1 {
					t.Errorf("%d jobs wait", got)
				}
				return nil
			}, postgres.ReadOnly)
			if err != nil {
				t.Fatal(err)
			}
			nested := db.InShared(t.Context(), func(ctx context.Context, _ *sqlx.Tx) error {
				return db.InTenant(ctx, acme, func(context.Context, *sqlx.Tx) error { return nil })
			})
			pgtest.MustBe(t, nested, postgres.CodeScopeNested)
			nested = db.InTenant(t.Context(), acme, func(ctx context.Context, _ *sqlx.Tx) error { return db.InShared(ctx, enqueue("late")) })
			pgtest.MustBe(t, nested, postgres.CodeScopeNested)
			t.Run("a library of the product's own", func(t *testing.T) { worksThroughURL(t, db, cfg) })
		})
	}
}

// worksThroughURL uses the URL as a job queue's library does: with its own driver,
// its own transactions and LISTEN.
func worksThroughURL(t *testing.T, db *postgres.DB, cfg postgres.Config) {
	t.Helper()
	address, err := db.SharedURL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	library, err := sql.Open("postgres", address.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer library.Close()
	tx, err := library.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), `INSERT INTO shared.jobs (kind) VALUES ('by the library')`); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	listener := pq.NewListener(address.Reveal(), 10*time.Millisecond, time.Minute, nil)
	defer listener.Close()
	if err := listener.Listen("jobs"); err != nil {
		t.Fatal(err)
	}
	acme := pgtest.TenantID(t, "acme")
	err = db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `SELECT pg_notify('jobs', 'wake up')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-listener.Notify:
		if got == nil || got.Extra != "wake up" {
			t.Errorf("it heard %+v", got)
		}
	case <-time.After(time.Minute):
		t.Error("what a tenant's scope says is not heard")
	}
	if cfg.Roles == postgres.RolesOff {
		return
	}
	for _, statement := range []string{`SELECT * FROM tenant_acme.notes`, `SELECT * FROM partywall.tenants`, `CREATE TABLE more (id int)`} {
		if _, err := library.ExecContext(t.Context(), statement); pq.As(err, pqerror.InsufficientPrivilege) == nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if _, err := library.ExecContext(t.Context(), `INSERT INTO jobs (kind) VALUES ('found on the path')`); err != nil {
		t.Error(err)
	}
}

func TestSharedURLOfAUnixSocket(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, withJobs)
	cfg.Host = pgtest.SocketTo(t, net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)))
	pgtest.SetUp(t, cfg)
	db := pgtest.Reopen(t, cfg)
	pgtest.MakeTenant(t, db, "acme")
	worksThroughURL(t, db, cfg)
}

func TestSharedGrantsReachWhatWasThereBefore(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, withJobs)
	super := pgtest.Superuser(t, cfg)
	role := `"pw_` + pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`) + `_shared"`
	pgtest.Execute(t, super, `DROP OWNED BY `+role+`; DROP ROLE `+role) // as the release before this login left it
	pgtest.Execute(t, super, `CREATE TABLE shared.strangers (id int)`)
	pgtest.Execute(t, super, `REVOKE ALL ON DATABASE `+cfg.Database+` FROM PUBLIC`)
	pgtest.SetUp(t, cfg)
	db := pgtest.Reopen(t, cfg)
	if err := db.InShared(t.Context(), enqueue("older")); err != nil {
		t.Error(err)
	}
	err := db.InShared(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
		if got := pgtest.Query[int](t, tx, `SELECT waiting()`); got != 1 {
			t.Errorf("%d jobs wait", got)
		}
		_, err := tx.ExecContext(ctx, `SELECT * FROM strangers`)
		return err
	})
	if pq.As(err, pqerror.InsufficientPrivilege) == nil {
		t.Errorf("a table that another role owns: %v", err)
	}
	pgtest.Execute(t, pgtest.Login(t, cfg, cfg.User, cfg.Password), `REVOKE INSERT ON shared.jobs FROM `+role)
	pgtest.SetUp(t, cfg)
	if err := pgtest.Reopen(t, cfg).InShared(t.Context(), enqueue("taken away")); pq.As(err, pqerror.InsufficientPrivilege) == nil {
		t.Errorf("setup gives back what the product took away: %v", err)
	}
}

func TestSharedSQLNeedsSomethingShared(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	if err := db.InShared(t.Context(), enqueue("x")); domain.KindOf(err) != domain.Internal || !strings.Contains(err.Error(), "SharedMigrations") {
		t.Errorf("got %v", err)
	}
	withJobs(&cfg)
	cfg.MaxConns = 3
	pgtest.SetUp(t, cfg)
	if err := pgtest.Reopen(t, cfg).InShared(t.Context(), enqueue("x")); domain.KindOf(err) != domain.Internal || !strings.Contains(err.Error(), "DB_MAX_CONNS") {
		t.Errorf("got %v", err)
	}
	cfg.MaxConns = 4
	if err := pgtest.Reopen(t, cfg).InShared(t.Context(), enqueue("x")); err != nil {
		t.Error(err)
	}
}
