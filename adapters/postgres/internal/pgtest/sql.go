package pgtest

import (
	"errors"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

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
