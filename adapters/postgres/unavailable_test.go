package postgres_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
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

// TestAMistakeIsNoOutage has scopes fail in ways whose SQLSTATE could be taken for a
// database that can't be used.
func TestAMistakeIsNoOutage(t *testing.T) {
	t.Parallel()
	var logs strings.Builder
	db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection)
	acme := pgtest.MakeTenant(t, db, "acme")
	cfg.Logger = slog.New(slog.NewTextHandler(&logs, nil))
	cfg.StatementTimeout, cfg.LockTimeout = 2*time.Second, time.Second
	db = pgtest.Reopen(t, cfg)
	raise := func(state string) string {
		return `DO $$ BEGIN RAISE EXCEPTION 'by the product' USING ERRCODE = '` + state + `'; END $$`
	}
	for name, c := range map[string]struct {
		statement string
		args      []any
		want      pqerror.Code
	}{
		"too few parameters":                     {`SELECT $1::text || $2::text`, []any{"a"}, "08P01"},
		"too many parameters":                    {`SELECT $1::text`, []any{"a", "b"}, "08P01"},
		"a text that is no number":               {`SELECT $1::int`, []any{"a"}, "22P02"},
		"a statement that always takes too long": {`SELECT pg_sleep(10)`, nil, "57014"},
		"a raised connection_exception":          {raise("08000"), nil, "08000"},
		"a raised protocol_violation":            {raise("08P01"), nil, "08P01"},
		"a raised insufficient_resources":        {raise("53000"), nil, "53000"},
		"a raised too_many_connections":          {raise("53300"), nil, "53300"},
		"a raised invalid_password":              {raise("28P01"), nil, "28P01"},
		"a raised admin_shutdown":                {raise("57P01"), nil, "57P01"},
		"a raised read_only_sql_transaction":     {raise("25006"), nil, "25006"},
		"a raised io_error":                      {raise("58030"), nil, "58030"},
		"a raised serialization_failure":         {raise("40001"), nil, "40001"},
		"a raised class of its own":              {raise("PW001"), nil, "PW001"},
	} {
		t.Run(name+" is the function's own error", func(t *testing.T) {
			before := pgtest.Query[int](t, db.Gate(), `SELECT pg_backend_pid()`)
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				_, err := tx.ExecContext(ctx, c.statement, c.args...)
				return err
			})
			pgtest.MustBeServerError(t, err, c.want)
			if after := pgtest.Query[int](t, db.Gate(), `SELECT pg_backend_pid()`); after != before {
				t.Error("it cost the connection")
			}
			mustFindDefaults(t, db)
		})
	}
	t.Run("waiting too long for a lock returns the server's error, with the holder", func(t *testing.T) {
		lock := domain.Must(pgtest.Superuser(t, cfg).BeginTxx(t.Context(), nil))
		defer func() { _ = lock.Rollback() }()
		if _, err := lock.Exec(`LOCK TABLE tenant_acme.notes`); err != nil {
			t.Fatal(err)
		}
		holder := fmt.Sprintf("process %d (postgres", pgtest.Query[int](t, lock, `SELECT pg_backend_pid()`))
		err := db.InTenant(t.Context(), acme, pgtest.InsertNote("x"))
		pgtest.MustBeServerError(t, err, pqerror.LockNotAvailable)
		if detail := pq.As(err).Detail; !strings.Contains(detail, holder) || !strings.Contains(detail, "notes") {
			t.Errorf("it names no holder: %q", detail)
		}
		if line := logs.String(); !strings.Contains(line, holder) || !strings.Contains(line, "tenant=acme") {
			t.Errorf("the log names no holder: %s", line)
		}
	})
	t.Run("waiting too long for a row returns the server's error, with the holder", func(t *testing.T) {
		pgtest.Note(t, db, acme, "held")
		lock := domain.Must(pgtest.Superuser(t, cfg).BeginTxx(t.Context(), nil))
		defer func() { _ = lock.Rollback() }()
		if _, err := lock.Exec(`UPDATE tenant_acme.notes SET text = text`); err != nil {
			t.Fatal(err)
		}
		holder := fmt.Sprintf("process %d (postgres", pgtest.Query[int](t, lock, `SELECT pg_backend_pid()`))
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE notes SET text = 'mine'`)
			return err
		})
		pgtest.MustBeServerError(t, err, pqerror.LockNotAvailable)
		if detail := pq.As(err).Detail; !strings.Contains(detail, holder) {
			t.Errorf("it names no holder: %q", detail)
		}
	})
	t.Run("an error that the commit finds is the server's own", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO notes (text, parent) VALUES ('orphan', 999)`)
			return err
		})
		pgtest.MustBeServerError(t, err, pqerror.ForeignKeyViolation)
	})
	t.Run("an error from before the context was done is the server's own", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTenant(ctx, acme, func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, `SELECT 1/0`)
			cancel()
			return err
		})
		pgtest.MustBeServerError(t, err, pqerror.DivisionByZero)
	})
}

// TestTheFunctionsOwnErrorsAreNoOutage returns errors of the types that a lost
// connection has.
func TestTheFunctionsOwnErrorsAreNoOutage(t *testing.T) {
	t.Parallel()
	var provision error
	db, _ := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection, func(cfg *postgres.Config) {
		cfg.OnProvision = func(context.Context, *sqlx.Tx, domain.Tenant, domain.Identity) error { return provision }
	})
	acme := pgtest.MakeTenant(t, db, "acme")
	_, elsewhere := net.DialTimeout("tcp", "127.0.0.1:1", time.Second) // no one listens there
	of, err := sql.Open("postgres", "")                                // a database of the product's own, which is closed
	if err != nil {
		t.Fatal(err)
	}
	closed := errors.Join(of.Close(), of.PingContext(t.Context()))
	for _, own := range []error{
		elsewhere, closed, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, sql.ErrConnDone, driver.ErrBadConn, &net.DNSError{Err: "no such host", Name: "api.example.com"},
		&pq.Error{Severity: "FATAL", Code: "57P01", Message: "of another database"}, context.Canceled, sql.ErrTxDone,
	} {
		own = fmt.Errorf("call a service: %w", own)
		if err := db.InTenant(t.Context(), acme, func(context.Context, *sqlx.Tx) error { return own }); err != own { //nolint:errorlint // as it is
			t.Errorf("%v came back as %v", own, err)
		}
		provision = own
		if _, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "refused")); !errors.Is(err, own) || errors.Is(err, domain.Unavailable) {
			t.Errorf("%v of OnProvision came back as %v", own, err)
		}
	}
}

func TestACallAfterCloseSaysSo(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, pgtest.WithNotes)
	acme := pgtest.MakeTenant(t, db, "acme")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, creating := db.Tenants().Create(t.Context(), pgtest.Creation(t, "late"))
	_, listing := db.Tenants().List(t.Context(), domain.TenantID{}, 1)
	for name, err := range map[string]error{
		"a scope":    db.InTenant(t.Context(), acme, pgtest.InsertNote("late")),
		"a creation": creating,
		"a list":     listing,
	} {
		pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
		if !strings.Contains(err.Error(), "the installation is closed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnOutageIsNoMistake has the server end scopes.
func TestAnOutageIsNoMistake(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.OneConnection)
	acme := pgtest.MakeTenant(t, db, "acme")
	super := pgtest.Superuser(t, cfg)
	for name, end := range map[string]func(t *testing.T, tx *sqlx.Tx){
		"the server ends the connection": func(t *testing.T, tx *sqlx.Tx) {
			pgtest.Execute(t, super, `SELECT pg_terminate_backend($1)`, pgtest.Query[int](t, tx, `SELECT pg_backend_pid()`))
		},
		"the scope stands idle for too long": func(t *testing.T, tx *sqlx.Tx) {
			if _, err := tx.Exec(`SET LOCAL idle_in_transaction_session_timeout = 1`); err != nil {
				t.Fatal(err)
			}
			for pgtest.Query[int](t, super, `SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND state LIKE 'idle in transaction%'`, cfg.Database) > 0 {
				time.Sleep(5 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
				end(t, tx)
				return pgtest.InsertNote("lost")(ctx, tx)
			})
			pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
			pgtest.Note(t, db, acme, "next")
		})
	}
}
