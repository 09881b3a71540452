package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

func TestTransactionOptions(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection, change)
			tryOptions(t, db, cfg)
			pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword, PoolSize: 2})
			behind := cfg
			behind.Host, behind.Port, behind.MaxConns = pooler.Host, pooler.Port, 10
			t.Run("through a pooler", func(t *testing.T) { tryOptions(t, pgtest.Reopen(t, behind), cfg) })
		})
	}
}

func tryOptions(t *testing.T, db *postgres.DB, cfg postgres.Config) {
	t.Helper()
	owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
	id := fmt.Sprintf("tried-%d", pgtest.Query[int](t, owner, `SELECT count(*) FROM partywall.tenants`)) // the same database is tried twice
	acme := pgtest.MakeTenant(t, db, id)
	levels := map[string][]postgres.TxOption{
		"read committed":   nil,
		"read uncommitted": {postgres.Isolation(sql.LevelReadUncommitted)},
		"repeatable read":  {postgres.Isolation(sql.LevelRepeatableRead)},
		"serializable":     {postgres.ReadOnly, postgres.Isolation(sql.LevelSerializable)},
	}
	for want, options := range levels {
		t.Run(want+" holds from the first statement on, and no longer than the scope", func(t *testing.T) {
			err := db.InTenant(t.Context(), acme, func(_ context.Context, tx *sqlx.Tx) error {
				if got := pgtest.Query[string](t, tx, `SHOW transaction_isolation`); got != want {
					t.Errorf("it's %s", got)
				}
				if got := pgtest.Query[bool](t, tx, `SELECT current_setting('transaction_read_only')::bool`); got != (want == "serializable") {
					t.Errorf("read-only is %v", got)
				}
				return nil
			}, options...)
			if err != nil {
				t.Error(err)
			}
			mustFindDefaults(t, db)
			pgtest.Note(t, db, acme, "written after it")
		})
	}
	t.Run("an isolation level that PostgreSQL lacks is refused by its name", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, pgtest.InsertNote("x"), postgres.Isolation(sql.LevelLinearizable))
		pgtest.MustBe(t, err, domain.Internal)
		if !strings.Contains(err.Error(), "Linearizable") {
			t.Error(err)
		}
		pgtest.Note(t, db, acme, "after it")
	})
	t.Run("a write in a read-only scope returns the server's error, and costs no connection", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, pgtest.InsertNote("x"), postgres.ReadOnly)
		pgtest.MustBeServerError(t, err, pqerror.ReadOnlySQLTransaction)
		mustFindDefaults(t, db)
		err = db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `SET TRANSACTION READ WRITE`)
			return errors.Join(err, pgtest.InsertNote("x")(ctx, tx))
		}, postgres.ReadOnly)
		if err == nil {
			t.Error("it made itself writable")
		}
		pgtest.Note(t, db, acme, "after it")
	})
	t.Run("a repeatable read sees one state", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(_ context.Context, tx *sqlx.Tx) error {
			const count = `SELECT count(*) FROM notes`
			before := pgtest.Query[int](t, tx, count)
			pgtest.Execute(t, owner, `INSERT INTO "tenant_`+id+`".notes (text) VALUES ('from elsewhere')`)
			if after := pgtest.Query[int](t, tx, count); after != before {
				t.Errorf("it saw %d, then %d", before, after)
			}
			return nil
		}, postgres.Isolation(sql.LevelRepeatableRead))
		if err != nil {
			t.Error(err)
		}
	})
}

// TestRetryable has two serializable scopes that each read what the other writes.
func TestRetryable(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, pgtest.WithNotes)
	acme := pgtest.MakeTenant(t, db, "acme")
	var barrier sync.WaitGroup
	barrier.Add(2)
	collide := func(first bool) error {
		read := false
		return db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			pgtest.Query[int](t, tx, `SELECT count(*) FROM notes`)
			if first && !read {
				read = true
				barrier.Done()
				barrier.Wait()
			}
			return pgtest.InsertNote("mine")(ctx, tx)
		}, postgres.Isolation(sql.LevelSerializable))
	}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { errs[i] = collide(true) })
	}
	both.Wait()
	err := errors.Join(errs...)
	pgtest.MustBeServerError(t, err, pqerror.TRSerializationFailure)
	if !postgres.Retryable(err) {
		t.Errorf("it can't be repeated: %v", err)
	}
	if err := collide(false); err != nil {
		t.Errorf("repeated: %v", err)
	}
	for _, err := range []error{nil, pgtest.ErrProduct, context.Canceled} {
		if postgres.Retryable(err) {
			t.Errorf("%v can be repeated", err)
		}
	}
}
