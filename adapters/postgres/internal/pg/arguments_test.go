package pg_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"
	"github.com/jmoiron/sqlx/types"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
)

// withTypes makes a table with a column of each type that bytes are meant for.
func withTypes(cfg *postgres.Config) {
	cfg.TenantMigrations = fstest.MapFS{"0001_types.sql": {Data: []byte(`
		CREATE DOMAIN document AS jsonb;
		CREATE DOMAIN digest AS bytea;
		CREATE DOMAIN short_digest AS digest CHECK (length(VALUE) < 100);
		CREATE TYPE mood AS ENUM ('happy', 'sad');
		CREATE TABLE typed (jsonb jsonb, json json, text text, bytea bytea, "int" int, uuid uuid, "time" timestamptz, bool bool, inet inet,
			document document, digest digest, short_digest short_digest, mood mood, jsonbs jsonb[], texts text[], numeric numeric, n int);
		CREATE TABLE pair (gone int, document jsonb, total int GENERATED ALWAYS AS (1) STORED, bytes bytea);
		ALTER TABLE pair DROP COLUMN gone`)}}
}

// The types that tools generate.
type (
	named        []byte
	namedJSON    json.RawMessage
	nullableJSON struct {
		RawMessage json.RawMessage
		Valid      bool
	}
	selfEncoded struct{ n uint32 }
)

func (n nullableJSON) Value() (driver.Value, error) {
	if !n.Valid {
		return nil, nil
	}
	return []byte(n.RawMessage), nil
}

func (b selfEncoded) BinaryValue() ([]byte, error) {
	return []byte{byte(b.n >> 24), byte(b.n >> 16), byte(b.n >> 8), byte(b.n)}, nil
}

const document = `{"a": "b\\c\n", "n": 1}`

var stored = json.RawMessage(document)

// arguments are written into the column, and read as text.
var arguments = []struct {
	column string
	value  any
	want   string // "" for NULL
}{
	{"jsonb", json.RawMessage(document), document},
	{"jsonb", &stored, document},
	{"jsonb", []byte(document), document},
	{"jsonb", named(document), document},
	{"jsonb", namedJSON(document), document},
	{"jsonb", types.JSONText(document), document},
	{"jsonb", nullableJSON{stored, true}, document},
	{"jsonb", nullableJSON{}, ""},
	{"jsonb", sql.Null[json.RawMessage]{V: stored, Valid: true}, document},
	{"jsonb", sql.Null[json.RawMessage]{}, ""},
	{"jsonb", json.RawMessage(nil), ""},
	{"jsonb", (*json.RawMessage)(nil), ""},
	{"jsonb", []byte(nil), ""},
	{"jsonb", document, document},
	{"json", json.RawMessage(document), document},
	{"json", []byte(document), document},
	{"text", json.RawMessage(document), document},
	{"text", []byte("a\\b"), `a\b`},
	{"document", json.RawMessage(document), document},
	{"document", []byte(document), document},
	{"bytea", []byte{0, 1, 0xff, '\\'}, `\x0001ff5c`},
	{"bytea", []byte(`{"a": "\\"}`), `\x7b2261223a20225c5c227d`},
	{"bytea", []byte{}, `\x`},
	{"bytea", named{0xff}, `\xff`},
	{"digest", []byte{0, 0xff}, `\x00ff`},
	{"short_digest", []byte{0, 0xff}, `\x00ff`},
	{"int", []byte("42"), "42"},
	{"int", selfEncoded{42}, "42"},
	{"uuid", []byte("0188a5eb-1f5e-7c1c-8000-0123456789ab"), "0188a5eb-1f5e-7c1c-8000-0123456789ab"},
	{"uuid", []byte("\x01\x88\xa5\xeb\x1f\x5e\x7c\x1c\x80\x00\x01\x23\x45\x67\x89\xab"), "0188a5eb-1f5e-7c1c-8000-0123456789ab"},
	{"time", []byte("2026-01-02 03:04:05+00"), "2026-01-02 03:04:05+00"},
	{"bool", []byte("true"), "true"},
	{"inet", []byte("10.0.0.1/8"), "10.0.0.1/8"},
	{"numeric", []byte("1.50"), "1.50"},
	{"mood", []byte("sad"), "sad"},
	{"jsonbs", []json.RawMessage{stored, nil}, `{"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(document) + `",NULL}`},
	{"jsonbs", pq.Array([]json.RawMessage{json.RawMessage(`1`)}), `{1}`},
	{"jsonbs", []json.RawMessage(nil), ""},
	{"texts", []string{"a", `b"`}, `{a,"b\""}`},
	{"texts", pq.Array([]string{"a"}), `{a}`},
}

func TestArguments(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, withTypes, pgtest.OneConnection)
	tryArguments(t, db, pgtest.MakeTenant(t, db, "acme"))
	pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword, PoolSize: 2})
	cfg.Host, cfg.Port, cfg.MaxConns = pooler.Host, pooler.Port, 10
	t.Run("through a pooler", func(t *testing.T) {
		db := pgtest.Reopen(t, cfg)
		tryArguments(t, db, pgtest.MakeTenant(t, db, "pooled"))
	})
}

// TestAColumnThatBecameBytes has a migration change a column's type below a statement
// whose parameters are known. Text that is taken for the text of a bytea loses its
// backslashes.
func TestAColumnThatBecameBytes(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, withTypes)
	acme := pgtest.MakeTenant(t, db, "acme")
	for _, column := range []string{"text", "json"} {
		value := `"a\\b"`
		write := func() {
			t.Helper()
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO typed (%q) VALUES ($1)`, column), []byte(value))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
		write()
		pgtest.Execute(t, owner, fmt.Sprintf(`ALTER TABLE tenant_acme.typed ALTER %[1]q TYPE bytea USING convert_to(%[1]q::text, 'UTF8')`, column))
		pgtest.Execute(t, owner, `DELETE FROM tenant_acme.typed`)
		write()
		if got := pgtest.Query[string](t, owner, fmt.Sprintf(`SELECT convert_from(%q, 'UTF8') FROM tenant_acme.typed`, column)); got != value {
			t.Errorf("%s: got %s, want %s", column, got, value)
		}
	}
}

// tryCopies writes all arguments that lib/pq's COPY has a form for, each column by
// copies in all spellings.
func tryCopies(t *testing.T, db *postgres.DB, acme domain.TenantID) {
	for _, a := range arguments {
		if _, encodesItself := a.value.(selfEncoded); encodesItself {
			continue
		}
		for _, statement := range []string{
			pq.CopyIn("typed", a.column),                                     //nolint:staticcheck // what products use
			pq.CopyInSchema("tenant_"+acme.String(), "typed", a.column, "n"), //nolint:staticcheck // likewise
			fmt.Sprintf("copy Typed -- by hand\n (%q) from stdin", a.column),
		} {
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				values := []any{a.value, 1}[:1+strings.Count(statement, `"n"`)]
				if _, err := tx.ExecContext(ctx, `DELETE FROM typed; SET LOCAL TimeZone = 'UTC'`); err != nil {
					return err
				}
				if err := copyRow(ctx, tx, statement, values...); err != nil {
					return err
				}
				return mustRead(t, tx, a.column, a.want)
			})
			if err != nil {
				t.Errorf("%T by %s: %v", a.value, statement, err)
			}
		}
	}
	err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := copyRow(ctx, tx, `COPY pair FROM STDIN`, []byte("{}"), []byte{0xff}); err != nil {
			return err
		}
		if got := pgtest.Query[string](t, tx, `SELECT format('%s %s', document, bytes) FROM pair`); got != `{} \xff` {
			t.Errorf("a COPY of all columns wrote %s", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func copyRow(ctx context.Context, tx *sqlx.Tx, statement string, values ...any) error {
	return pgtest.WithPrepared(ctx, tx, statement, func(stmt *sqlx.Stmt) error {
		_, err := stmt.ExecContext(ctx, values...)
		_, last := stmt.ExecContext(ctx)
		return errors.Join(err, last)
	})
}

// mustRead returns an error unless the only row has the value, or NULL for "".
func mustRead(t *testing.T, tx *sqlx.Tx, column, value string) error {
	t.Helper()
	want := sql.NullString{String: value, Valid: value != ""}
	if column == "jsonb" || column == "document" {
		want.String = pgtest.Query[string](t, tx, `SELECT coalesce($1::jsonb::text, '')`, want)
	}
	if got := pgtest.Query[sql.NullString](t, tx, fmt.Sprintf(`SELECT %q::text FROM typed`, column)); got != want {
		return fmt.Errorf("read %+v, want %+v", got, want)
	}
	return nil
}

func tryArguments(t *testing.T, db *postgres.DB, acme domain.TenantID) {
	t.Helper()
	for _, a := range arguments {
		insert := fmt.Sprintf(`INSERT INTO typed (%q) VALUES ($1)`, a.column)
		for way, write := range map[string]func(ctx context.Context, tx *sqlx.Tx) error{
			"Exec": func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, insert, a.value)
				return err
			},
			"Query": func(ctx context.Context, tx *sqlx.Tx) error {
				var one int
				return tx.QueryRowContext(ctx, insert+` RETURNING 1`, a.value).Scan(&one)
			},
			"a prepared statement": func(ctx context.Context, tx *sqlx.Tx) error {
				return pgtest.WithPrepared(ctx, tx, insert, func(stmt *sqlx.Stmt) error {
					_, err := stmt.ExecContext(ctx, a.value)
					return err
				})
			},
			"a named statement": func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.NamedExecContext(ctx, fmt.Sprintf(`INSERT INTO typed (%q) VALUES (:v)`, a.column), map[string]any{"v": a.value})
				return err
			},
		} {
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				if _, err := tx.ExecContext(ctx, `DELETE FROM typed; SET LOCAL TimeZone = 'UTC'`); err != nil {
					return err
				}
				if err := write(ctx, tx); err != nil {
					return err
				}
				return mustRead(t, tx, a.column, a.want)
			})
			if err != nil {
				t.Errorf("%T into %s by %s: %v", a.value, a.column, way, err)
			}
		}
	}
	t.Run("a COPY takes what a parameter takes", func(t *testing.T) { tryCopies(t, db, acme) })
	t.Run("a statement that takes no parameters of its own is asked for them once", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			for range 3 {
				if _, err := tx.ExecContext(ctx, `DELETE FROM typed WHERE jsonb = $1 OR bytea = $2`, []byte(document), []byte{1}); err != nil {
					return err
				}
			}
			if n := pgtest.Query[int](t, tx, `SELECT count(*) FROM pg_prepared_statements`); n != 0 {
				t.Errorf("it left %d prepared statements", n)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("bytes while rows are open don't break the connection", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			rows, err := tx.QueryContext(ctx, `SELECT n FROM generate_series(1, 1000) n`)
			if err != nil {
				return err
			}
			defer func() { _ = rows.Close() }()
			rows.Next()
			if _, err := tx.ExecContext(ctx, `INSERT INTO typed (jsonb) VALUES ($1::jsonb)`, []byte(document)); err == nil {
				t.Error("two statements ran at once")
			}
			for rows.Next() {
			}
			return errors.Join(rows.Err(), rows.Close(), func() error {
				_, err := tx.ExecContext(ctx, `INSERT INTO typed (jsonb) VALUES ($1::jsonb)`, []byte(document))
				return err
			}())
		})
		if err != nil {
			t.Error(err)
		}
	})
	for name, c := range map[string]struct {
		statement string
		args      []any
		want      pqerror.Code
		says      string
	}{
		"too many bytes":             {`SELECT $1::jsonb`, []any{[]byte("1"), []byte("2")}, "08P01", "number of arguments"},
		"too few bytes":              {`SELECT $1::jsonb, $2::bytea`, []any{[]byte("1")}, "08P01", "number of arguments"},
		"bytes that aren't JSON":     {`SELECT $1::jsonb`, []any{[]byte("{")}, "22P02", "json"},
		"bytes that aren't a number": {`SELECT $1::int`, []any{[]byte("x")}, "22P02", "integer"},
		"bytes that aren't text":     {`SELECT $1::text`, []any{[]byte{0xff}}, "22021", "UTF8"},
		"two statements":             {`SELECT $1::jsonb; DELETE FROM typed`, []any{[]byte("1")}, "42601", "multiple commands"},
		"a mistake in the SQL":       {`SELEC $1`, []any{[]byte("1")}, "42601", "SELEC"},
	} {
		t.Run(name+" fail with the server's words", func(t *testing.T) {
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, c.statement, c.args...)
				return err
			})
			pgtest.MustBeServerError(t, err, c.want)
			if !strings.Contains(fmt.Sprint(err), c.says) {
				t.Errorf("it says %v", err)
			}
		})
	}
}
