package walls_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// escape is an attempt by SQL inside acme's scope to reach what does not belong to acme.
// docs/isolation.md shows its verdicts.
//
// A verdict is an SQLSTATE, or one of the words below. A different verdict in some
// installations follows: "42501; before 16 gets through".
type escape struct {
	name  string
	try   string // one message; {names} are the installation's
	roles string // the verdict where tenants have roles
	off   string // the verdict where they have none
	kept  string // what prevents it where tenants have roles

	proof   string // a query after the scope, outside all walls, that reports whether it got through
	commits bool   // the scope's function returns nil; else all is undone
}

// The words of a verdict.
const (
	getsThrough   = "gets through"
	staysInside   = "stays inside"                 // it runs, shows nothing of others, and ends with the scope
	isLeft        = "is left to the next borrower" // in the session
	scopeEnded    = "scope_ended"                  // [postgres.CodeScopeEnded]
	denied        = "42501"                        // insufficient_privilege
	noRole        = "22023"                        // invalid_parameter_value: there is no such role
	undefinedRole = "42704"                        // undefined_object: the same, of GRANT
)

// What prevents an attempt.
const (
	byRole     = "the role"
	byPolicy   = "the row policy"
	byScope    = "the scope"
	byPostgres = "PostgreSQL"
	byTrust    = "trust only"
	noneNeeded = "no defence needed"
)

// escapes are all attempts, in the order of the table.
func escapes() []escape {
	var all []escape
	for _, some := range [][]escape{reaches(), queues(), plants(), looks(), disturbs(), outlives(), ends()} {
		all = append(all, some...)
	}
	return all
}

func TestWallEscapes(t *testing.T) {
	t.Parallel()
	servers := pgtest.BothServers(t)
	for _, kind := range installations {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			in := install(t, servers[kind.newest], kind)
			for _, e := range escapes() {
				t.Run(e.name, func(t *testing.T) {
					if got, want := in.try(t, e), in.verdict(e); got != want {
						t.Errorf("%s\ngot  %s\nwant %s", in.fill(t, e.try), got, want)
					}
				})
				in.tidy(t)
			}
		})
	}
}

// verdict is what the table says of this installation.
func (in *installed) verdict(e escape) string {
	all := e.roles
	if !in.roles {
		all = e.off
	}
	verdict, exceptions, _ := strings.Cut(all, "; ")
	for exception := range strings.SplitSeq(exceptions, "; ") {
		if other, ok := strings.CutPrefix(exception, "before 16 "); ok && in.version < 160000 {
			return other
		}
		if other, ok := strings.CutPrefix(exception, "through PgBouncer "); ok && in.pooled {
			return other
		}
	}
	return verdict
}

// try runs the attempt in a scope and says what it got.
func (in *installed) try(t *testing.T, e escape) string {
	t.Helper()
	message := in.fill(t, e.try)
	var got string
	var refused error // the attempt itself
	err := in.db.InTenant(t.Context(), in.acme, func(ctx context.Context, tx *sqlx.Tx) error {
		got, refused = lastValue(ctx, tx, message)
		if refused == nil && e.commits {
			return nil
		}
		return errors.Join(refused, pgtest.ErrProduct)
	})
	if pqErr := pq.As(refused); pqErr != nil {
		return string(pqErr.Code)
	}
	if e.proof != "" {
		got = pgtest.Query[string](t, in.super, in.fill(t, e.proof))
	}
	var parts []string
	if got == "true" || strings.Contains(got, "the rival's") {
		parts = append(parts, getsThrough)
	}
	if err != nil && !errors.Is(err, pgtest.ErrProduct) {
		parts = append(parts, string(domain.CodeOf(err)))
	}
	left := false
	err = outsideScopes(t.Context(), in.db, in.acme, 1, func(conn sqlx.QueryerContext) {
		left = pgtest.Query[string](t, conn, pgtest.Leftovers) != ""
	})
	if left || err != nil {
		parts = append(parts, isLeft)
	}
	return cmp.Or(strings.Join(parts, ", "), staysInside)
}

// lastValue runs a message of one or more statements, and returns the first
// value of the last row that any of them gave.
func lastValue(ctx context.Context, tx *sqlx.Tx, message string) (last string, err error) {
	rows, err := tx.QueryContext(ctx, message)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	for more := true; more; more = rows.NextResultSet() {
		for rows.Next() {
			columns, err := rows.Columns()
			if err != nil {
				return "", err
			}
			values := make([]sql.NullString, len(columns))
			into := make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err := rows.Scan(into...); err != nil {
				return "", err
			}
			if len(values) > 0 {
				last = values[0].String
			}
		}
	}
	return last, rows.Err()
}
