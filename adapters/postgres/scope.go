package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

// scope is how a transaction opens and closes, a message each. All of its
// settings end with it.
type scope struct {
	opening, commit, rollback string
	own                       bool // see [newOwnScope]
}

type scopeKey struct{}

// marker is a setting that lives as long as the scope's transaction: that it's
// gone shows that somebody ended the transaction as text. Inside a tenant it
// tells the tenant's ID.
const marker = "partywall.scope"

// clean undoes what a session keeps beyond a transaction. It runs on the
// session's own path, so it names its function in full.
const clean = `RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; SELECT pg_catalog.pg_advisory_unlock_all()`

// ownPath is the search path of our own statements. On another path, a stranger's
// function or operator whose argument types fit better than PostgreSQL's own is
// the one that runs, with our rights.
const ownPath = "pg_catalog, pg_temp"

// setOwnPath is syntax: no function of that name can take its place.
const setOwnPath = "SET LOCAL search_path = " + ownPath

// setting is a name and the value that it has until the transaction ends.
type setting struct{ name, value string }

// newScope opens with settingsFrom, and its marker is the label.
func newScope(label, source string, settings ...setting) *scope {
	return &scope{
		opening: "BEGIN; " + settingsFrom(source, append(settings, setting{marker, label})...),
		// Where the marker is lost, the division fails before anything is committed.
		// The path is the scope's, so that deferred triggers find what they name.
		commit:   fmt.Sprintf("SELECT 1 OPERATOR(pg_catalog./) (pg_catalog.current_setting('%s', true) IS NOT DISTINCT FROM %s)::int; COMMIT; %s", marker, pq.QuoteLiteral(label), clean),
		rollback: "ROLLBACK; " + clean,
	}
}

// newOwnScope is newScope for Config.User, whose connections run nothing outside
// such a scope (see [connectOwn]). A session's own path can hold strangers'
// functions, and neither a startup parameter nor a SET of the session sets it
// reliably behind a pooler, so the first message sets the path before it names
// any function.
func newOwnScope(label string, settings ...setting) *scope {
	s := newScope(label, "", settings...)
	s.opening, s.own = strings.Replace(s.opening, "BEGIN; ", "BEGIN; "+setOwnPath+"; ", 1), true
	return s
}

// settingsFrom is a statement that makes the settings and returns one row, or does
// neither where source, a FROM clause, has no row.
func settingsFrom(source string, settings ...setting) string {
	calls := make([]string, len(settings))
	for i, s := range settings {
		calls[i] = fmt.Sprintf("set_config(%s, %s, true)", pq.QuoteLiteral(s.name), pq.QuoteLiteral(s.value))
	}
	return "SELECT " + strings.Join(calls, ", ") + source
}

// tenantScope enters an active tenant. The look at its row costs no round trip,
// and whoever isn't let in leaves the connection as it was.
func (db *DB) tenantScope(in installation, id domain.TenantID) *scope {
	settings := append(enter(in, id), db.cfg.timeouts()...)
	source := fmt.Sprintf(` FROM partywall.tenants WHERE id = %s AND status = 'active'`, pq.QuoteLiteral(id.String()))
	return newScope(id.String(), source, settings...)
}

// ownScope is for our own statements, which name everything in full.
func (c Config) ownScope() *scope {
	return newOwnScope("system", c.timeouts()...)
}

// enter is how a tenant is entered: the role first, then the path.
func enter(in installation, id domain.TenantID) []setting {
	path := setting{"search_path", pathOf(schemaOf(id))}
	if !in.roles {
		return []setting{path}
	}
	return []setting{{"role", in.tenantRole(id)}, path}
}

// timeouts are set by every scope: those of a role don't apply to who becomes it.
func (c Config) timeouts() []setting {
	return []setting{
		{"statement_timeout", milliseconds(c.StatementTimeout)},
		{"lock_timeout", milliseconds(c.LockTimeout)},
		{"idle_in_transaction_session_timeout", milliseconds(c.IdleTimeout)},
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// ownGet reads the one row of a query in a scope of our own.
func ownGet(ctx context.Context, db *sqlx.DB, cfg Config, into any, query string, args ...any) error {
	return inScope(ctx, db, cfg.ownScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, into, query, args...)
	})
}

// inScope runs fn in one transaction of pool and commits it, unless fn returns
// an error, panics or doesn't return at all.
func inScope(ctx context.Context, pool *sqlx.DB, s *scope, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	ctx = context.WithValue(ctx, scopeKey{}, s)
	tx, err := pool.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := fn(ctx, tx); err != nil {
		return err
	}
	err = tx.Commit()
	if errors.Is(err, sql.ErrTxDone) && contextErr(ctx) == nil {
		return errEnded(err)
	}
	return err
}

// noScope refuses a context that comes from inside a scope.
func noScope(ctx context.Context) error {
	if ctx.Value(scopeKey{}) != nil {
		return &domain.Error{Kind: domain.Internal, Code: CodeScopeNested, Message: "a scope can't be opened inside another: use the transaction that is there"}
	}
	return nil
}

// InTenant runs fn inside the active tenant id: in one transaction, as the
// tenant's role, with the tenant's schema on the path and the configured
// timeouts. It commits if fn returns nil, and undoes all if fn returns an error
// or panics. fn must neither end the transaction itself nor keep tx. With it, a
// []byte travels as binary: JSON is passed as a string.
//
// fn's error comes back as it is, save that a lost connection is
// [domain.Unavailable] and a context that is done gives its own error: where
// that happens during the commit, nobody knows whether it succeeded. So is
// waiting for a connection longer than [Config.AcquireTimeout]. A tenant that is
// unknown, suspended or unclaimed is [domain.CodeTenantNotFound]. An error that
// fn swallowed is [CodeScopeFailed]: nothing was committed. A transaction that
// fn ended by itself is [CodeScopeEnded]. InTenant inside InTenant is
// [CodeScopeNested], since two small pools would wait for each other.
func (db *DB) InTenant(ctx context.Context, id domain.TenantID, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	if id.IsZero() {
		return domain.Invalidf("tenantId", "name a tenant")
	}
	if err := noScope(ctx); err != nil {
		return err
	}
	logins, err := db.logins()
	if err != nil {
		return err
	}
	var own error // fn's
	err = logins.gate(id).inScope(ctx, db.tenantScope(logins.installation, id), func(ctx context.Context, tx *sqlx.Tx) error {
		own = fn(ctx, tx)
		return own
	})
	if own != nil && !theDriver(ctx, own) {
		return own
	}
	return translate(ctx, err, "in tenant "+id.String())
}

// theDriver reports whether an error of a scope's function says only that the
// connection is gone, or that the context is done, in lib/pq's words.
func theDriver(ctx context.Context, err error) bool {
	if contextErr(ctx) == nil {
		return unavailable(err)
	}
	return sqlState(err) != "" || lost(err) || errors.Is(err, sql.ErrTxDone)
}
