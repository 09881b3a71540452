package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/domain"
)

// Scope is how a transaction opens and closes, a message each. All of its
// settings end with it.
type Scope struct {
	Options                 sql.TxOptions
	enter, commit, rollback string // enter follows the BEGIN in the opening message
	Again                   string // undoes, inside the transaction of an own scope, what statements have set
	own                     bool   // see [NewOwnScope]

	outage atomic.Bool // the connection met an error that is [Unavailable]
}

type scopeKey struct{}

// ScopeOf returns the scope that the context is inside of.
func ScopeOf(ctx context.Context) (*Scope, bool) {
	s, ok := ctx.Value(scopeKey{}).(*Scope)
	return s, ok
}

// Marker is a setting that lives as long as the scope's transaction: that it's
// gone shows that the function ended the transaction as text. Inside a tenant it
// is the tenant's ID.
const Marker = "partywall.scope"

// clean undoes what a session keeps beyond a transaction. It runs on the
// session's own path, so it names its function in full.
const clean = `RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES; SELECT pg_catalog.pg_advisory_unlock_all()`

// endedWords are in the server's error where the marker is lost.
const endedWords = "partywall: the transaction was ended inside its scope"

// checkMarker is a statement that fails with endedWords unless the marker is the
// label. The words aren't a constant expression, which the planner would evaluate.
// The path is the scope's, so that deferred triggers find what they name.
func checkMarker(label string) string {
	held := fmt.Sprintf("pg_catalog.current_setting('%s', true)", Marker)
	return fmt.Sprintf("SELECT CAST(CASE WHEN %s OPERATOR(pg_catalog.=) %s THEN '0' ELSE pg_catalog.concat('%s', %s) END AS pg_catalog.int4)",
		held, pq.QuoteLiteral(label), endedWords, held)
}

// OwnPath is the search path of our own statements. On another path, a stranger's
// function or operator whose argument types fit better than PostgreSQL's own is
// the one that runs, with our rights.
const OwnPath = "pg_catalog, pg_temp"

// SetOwnPath is syntax: no function of that name can take its place.
const SetOwnPath = "SET LOCAL search_path = " + OwnPath

// Setting is a name and the value that it has until the transaction ends.
type Setting struct{ Name, Value string }

// NewScope opens with settingsFrom, and its marker is the label.
func NewScope(label, source string, settings ...Setting) *Scope {
	return &Scope{
		enter: SettingsFrom(source, append(settings, Setting{Marker, label})...),
		// Where the marker is lost, the check fails before anything is committed.
		commit:   checkMarker(label) + "; COMMIT; " + clean,
		rollback: "ROLLBACK; " + clean,
	}
}

// NewOwnScope is newScope for Config.User, whose connections run nothing outside
// such a scope (see [ConnectOwn]). A session's own path can hold strangers'
// functions, and neither a startup parameter nor a SET of the session sets it
// reliably behind a pooler, so the first message sets the path before it names
// any function.
func NewOwnScope(label string, settings ...Setting) *Scope {
	s := NewScope(label, "", settings...)
	s.enter, s.own = SetOwnPath+"; "+s.enter, true
	s.Again = "RESET SESSION AUTHORIZATION; " + clean + "; " + s.enter
	return s
}

// SettingsFrom is a statement that makes the settings and returns one row, or does
// neither where source, a FROM clause, has no row.
func SettingsFrom(source string, settings ...Setting) string {
	text, before := "", "SELECT "
	for _, s := range settings {
		text += before + "set_config(" + pq.QuoteLiteral(s.Name) + ", " + pq.QuoteLiteral(s.Value) + ", true)"
		before = ", "
	}
	return text + source
}

// OwnScope is for our own statements, which name everything in full. It turns JIT off,
// because compiling them takes longer than running them: at 10,000 tenants, 3 s for a
// statement of 0.7 s.
func (c Config) OwnScope() *Scope {
	return NewOwnScope("system", append(c.Timeouts(), Setting{"jit", "off"})...)
}

// Timeouts are set by every scope, because the settings of a role do not apply to a login
// that becomes it.
func (c Config) Timeouts() []Setting {
	return []Setting{
		{"statement_timeout", Milliseconds(c.StatementTimeout)},
		{"lock_timeout", Milliseconds(c.LockTimeout)},
		{"idle_in_transaction_session_timeout", Milliseconds(c.IdleTimeout)},
	}
}

// Milliseconds is d as a setting of PostgreSQL's has it, which has 32 bits: 24 days.
func Milliseconds(d time.Duration) string {
	return strconv.FormatInt(min(d.Milliseconds(), math.MaxInt32), 10)
}

// OwnGet reads the one row of a query in a scope of our own.
func OwnGet(ctx context.Context, db *sqlx.DB, cfg Config, into any, query string, args ...any) error {
	return InScope(ctx, db, cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, into, query, args...)
	})
}

// InScope runs fn in one transaction of pool and commits it, unless fn returns
// an error, panics or doesn't return at all.
func InScope(ctx context.Context, pool *sqlx.DB, s *Scope, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	ctx = context.WithValue(ctx, scopeKey{}, s)
	tx, err := pool.BeginTxx(ctx, &s.Options)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := fn(ctx, tx); err != nil {
		return err
	}
	err = tx.Commit()
	if errors.Is(err, sql.ErrTxDone) && ContextErr(ctx) == nil {
		return ErrEnded()
	}
	return err
}

// NoScope refuses a context that comes from inside a scope.
func NoScope(ctx context.Context) error {
	if ctx.Value(scopeKey{}) != nil {
		return domain.Errorf(domain.Internal, "a scope can't be opened inside another: use its transaction").WithCode(CodeScopeNested)
	}
	return nil
}

// TxOption says how the transaction of a scope behaves.
type TxOption func(*sql.TxOptions)

// ReadOnly has the server refuse what writes, as fn's own error (25006).
func ReadOnly(o *sql.TxOptions) { o.ReadOnly = true }

// Isolation has the transaction run at the level: [sql.LevelReadCommitted], the
// server's default, [sql.LevelRepeatableRead] or [sql.LevelSerializable]. At the
// last two the server may refuse a statement or the commit, because another
// transaction came between: see [Retryable].
func Isolation(level sql.IsolationLevel) TxOption {
	return func(o *sql.TxOptions) { o.Isolation = level }
}

// Retryable reports whether err says that another transaction came between: a
// serialization failure (40001) or a deadlock (40P01). Nothing was committed, and
// the same work in a new transaction may succeed.
func Retryable(err error) bool {
	state := SQLState(err)
	return state == pqerror.TRSerializationFailure || state == pqerror.TRDeadlockDetected
}

// Interrupted reports whether an error of the scope's function, or of its commit,
// says only that the database can't be used, or that the context is done, in
// lib/pq's words. The function's errors may be of the same types for reasons of its
// own: it counts what its connection met.
func (s *Scope) Interrupted(ctx context.Context, err error) bool {
	if s.outage.Load() && Unavailable(err) {
		return true
	}
	if ContextErr(ctx) == nil {
		return false
	}
	switch SQLState(err) {
	case pqerror.QueryCanceled, pqerror.InFailedSQLTransaction:
		return true
	}
	return errors.Is(err, sql.ErrTxDone) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
