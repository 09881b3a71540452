package pg_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

func TestTranslate(t *testing.T) {
	t.Parallel()
	failed := func(severity string, code pqerror.Code, routine string) error {
		return &pq.Error{Severity: severity, Code: code, Message: "the server's words", Routine: routine}
	}
	fatal := func(code pqerror.Code) error { return failed("FATAL", code, "") }
	state := func(code pqerror.Code) error { return failed("ERROR", code, "") }
	raised := func(code pqerror.Code) error { return failed("ERROR", code, "exec_stmt_raise") }
	for _, c := range []struct {
		err  error
		want domain.Kind
	}{
		{fatal("08006"), domain.Unavailable},               // connection_failure
		{fatal("08P01"), domain.Unavailable},               // as PgBouncer ends connections
		{fatal("53300"), domain.Unavailable},               // too_many_connections
		{fatal("57P01"), domain.Unavailable},               // admin_shutdown
		{fatal("57P03"), domain.Unavailable},               // cannot_connect_now
		{fatal("25P03"), domain.Unavailable},               // idle_in_transaction_session_timeout
		{fatal("25P04"), domain.Unavailable},               // transaction_timeout
		{fatal("XX000"), domain.Unavailable},               // internal_error
		{failed("PANIC", "XX000", ""), domain.Unavailable}, // the server goes down with it
		{failed("ВАЖНО", "57P01", ""), domain.Unavailable}, // FATAL in Russian
		{failed("致命错误", "25P03", ""), domain.Unavailable},  // in Chinese
		{failed("ОШИБКА", "08P01", ""), domain.Internal},   // ERROR in Russian
		{failed("FEHLER", "57P01", "exec_stmt_raise"), domain.Internal},
		{state("53100"), domain.Unavailable}, // disk_full
		{state("53200"), domain.Unavailable}, // out_of_memory
		{state("25006"), domain.Unavailable}, // read_only_sql_transaction: a standby
		{state("40P01"), domain.Unavailable}, // deadlock_detected, between statements of ours
		{state("40001"), domain.Unavailable}, // serialization_failure
		{state("55P03"), domain.Unavailable}, // lock_not_available
		{state("57014"), domain.Unavailable}, // query_canceled: a timeout, since the context isn't done
		{state("08P01"), domain.Internal},    // protocol_violation: a wrong number of parameters
		{state("08006"), domain.Internal},
		{state("28P01"), domain.Internal}, // not from a log-in
		{state("57P01"), domain.Internal},
		{state("58030"), domain.Internal}, // io_error
		{raised("53300"), domain.Internal},
		{raised("25006"), domain.Internal},
		{raised("40001"), domain.Internal},
		{raised("55P03"), domain.Internal},
		{raised("57P01"), domain.Internal},
		{state("23505"), domain.Conflict},
		{state("22021"), domain.Invalid}, // a zero byte
		{state("42501"), domain.Internal},
		{state("42P01"), domain.Internal},
		{driver.ErrBadConn, domain.Unavailable},
		{io.ErrUnexpectedEOF, domain.Unavailable},
		{&net.OpError{Op: "dial", Err: errors.New("connection refused")}, domain.Unavailable},
		{fmt.Errorf("wrapped: %w", driver.ErrBadConn), domain.Unavailable},
		{errors.New("a bug of ours"), domain.Internal},
	} {
		err := pg.Translate(t.Context(), c.err, "try")
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != c.want || !errors.Is(err, c.err) {
			t.Errorf("%v became %v, want %v", c.err, err, c.want)
			continue
		}
		if (e.Kind == domain.Unavailable) != (e.RetryAfter > 0 && e.Code == domain.CodeDatabaseUnavailable) {
			t.Errorf("%v says to come again in %v, with code %q", c.err, e.RetryAfter, e.Code)
		}
	}
	t.Run("a context that is done returns its own error, whatever the server reports", func(t *testing.T) {
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		pgtest.MustBe(t, pg.Translate(cancelled, state("57014"), "try"), context.Canceled)
		late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancel()
		pgtest.MustBe(t, pg.Translate(late, driver.ErrBadConn, "try"), context.DeadlineExceeded)
	})
	t.Run("no error and the errors of domain stay as they are", func(t *testing.T) {
		if err := pg.Translate(t.Context(), nil, "try"); err != nil {
			t.Error(err)
		}
		pgtest.MustBe(t, pg.Translate(t.Context(), domain.Invalidf("name", "no"), "try"), domain.Invalid)
	})
}
