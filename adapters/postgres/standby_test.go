package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// readAll reads what a query returns, and returns its error wherever it comes.
func readAll(rows *sqlx.Rows, err error) error {
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

const (
	writeNote = `INSERT INTO notes (text) VALUES ('x')`
	writeLate = `SELECT CASE n WHEN 2000 THEN nextval('notes_id_seq') END FROM generate_series(1, 3000) n`
	copyNotes = `COPY notes (text) FROM STDIN` // what pq.CopyIn makes
)

// writes are all ways to send a statement that a standby refuses.
var writes = map[string]func(ctx context.Context, tx *sqlx.Tx) error{
	"Exec": func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, writeNote)
		return err
	},
	"Exec with an argument": func(ctx context.Context, tx *sqlx.Tx) error { return pgtest.InsertNote("x")(ctx, tx) },
	"Exec of bytes": func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO notes (text) VALUES ($1)`, []byte("x"))
		return err
	},
	"Query": func(ctx context.Context, tx *sqlx.Tx) error {
		return readAll(tx.QueryxContext(ctx, writeNote+` RETURNING id`))
	},
	"a Query that fails behind its first row": func(ctx context.Context, tx *sqlx.Tx) error {
		return readAll(tx.QueryxContext(ctx, writeLate))
	},
	"a Query that is closed before it fails": func(ctx context.Context, tx *sqlx.Tx) error {
		rows, err := tx.QueryxContext(ctx, writeLate)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		return errors.Join(rows.Close(), rows.Err())
	},
	"QueryRow": func(ctx context.Context, tx *sqlx.Tx) error {
		var id int
		return tx.QueryRowxContext(ctx, writeNote+` RETURNING id`).Scan(&id)
	},
	"a prepared Exec": func(ctx context.Context, tx *sqlx.Tx) error {
		return pgtest.WithPrepared(ctx, tx, writeNote, func(stmt *sqlx.Stmt) error {
			_, err := stmt.ExecContext(ctx)
			return err
		})
	},
	"a prepared Query": func(ctx context.Context, tx *sqlx.Tx) error {
		return pgtest.WithPrepared(ctx, tx, writeNote+` RETURNING id`, func(stmt *sqlx.Stmt) error { return readAll(stmt.QueryxContext(ctx)) })
	},
	"a named statement": func(ctx context.Context, tx *sqlx.Tx) error {
		stmt, err := tx.PrepareNamedContext(ctx, `INSERT INTO notes (text) VALUES (:text)`)
		if err != nil {
			return err
		}
		defer func() { _ = stmt.Close() }()
		_, err = stmt.ExecContext(ctx, map[string]any{"text": "x"})
		return err
	},
	"a COPY": func(ctx context.Context, tx *sqlx.Tx) error {
		return pgtest.WithPrepared(ctx, tx, copyNotes, func(*sqlx.Stmt) error { return nil })
	},
}

func TestAConnectionToAStandbyIsGivenUp(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection)
	acme := pgtest.MakeTenant(t, db, "acme")
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			var demoted int
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				demoted = pgtest.Query[int](t, tx, `SELECT pg_backend_pid()`)
				if _, err := tx.ExecContext(ctx, `SET TRANSACTION READ ONLY`); err != nil { // so a standby's are
					return err
				}
				return write(ctx, tx)
			})
			pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
			if next := pgtest.Query[int](t, db.Gate(), `SELECT pg_backend_pid()`); next == demoted {
				t.Error("it's used again")
			}
		})
	}
	t.Run("a copy goes through a connection that may write", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			return pgtest.WithPrepared(ctx, tx, copyNotes, func(stmt *sqlx.Stmt) error {
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
				return nil
			})
		})
		if err != nil {
			t.Error(err)
		}
	})
}
