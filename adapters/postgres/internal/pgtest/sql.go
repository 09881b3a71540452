package pgtest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/domain"
)

// Execute runs a statement that must succeed.
func Execute(t testing.TB, db *sqlx.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// Query returns the one value of a query.
func Query[T any](t testing.TB, db sqlx.QueryerContext, statement string, args ...any) (value T) {
	t.Helper()
	if err := db.QueryRowxContext(t.Context(), statement, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

// MustBe fails unless err is want.
func MustBe(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

// MustSay fails unless the error is one line that has all parts.
func MustSay(t testing.TB, err error, parts ...string) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		t.Fatalf("%v is no *domain.Error", err)
	}
	if strings.Contains(e.Message, "\n") {
		t.Errorf("it has several lines: %s", e.Message)
	}
	for _, part := range parts {
		if !strings.Contains(e.Message, part) {
			t.Errorf("%q doesn't say %q", e.Message, part)
		}
	}
}

// MustBeServerError fails unless err is the server's error with the code want, and no
// error of the domain.
func MustBeServerError(t *testing.T, err error, want pqerror.Code) {
	t.Helper()
	var ours *domain.Error
	if pq.As(err, want) == nil || errors.As(err, &ours) {
		t.Errorf("got %v, want the server's %s", err, want)
	}
}

// WithPrepared prepares a statement for fn, and closes it.
func WithPrepared(ctx context.Context, tx *sqlx.Tx, statement string, fn func(stmt *sqlx.Stmt) error) error {
	stmt, err := tx.PreparexContext(ctx, statement)
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }()
	return errors.Join(fn(stmt), stmt.Close())
}
