package pg

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/domain"
)

// libConn is all that lib/pq's connections can do.
type libConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Conn is lib/pq's connection, whose transactions open and close as their
// [Scope] says. The zero bad means that it may be used again.
type Conn struct {
	libConn
	watch     watch
	bad       bool
	OwnOnly   bool   // see [ConnectOwn]
	scope     *Scope // that is open, or nil
	opening   bool   // the scope's first message is under way
	described *described
	budget    *Budget // that the connection has a place in, or nil

	connector *Connector
	made      time.Time
}

// errOutsideScope is a programming mistake: on a connection of [ConnectOwn] the
// statement would run on the session's own path.
var errOutsideScope = errors.New("a statement of DB_USER needs a scope of newOwnScope")

// admit refuses a statement outside a scope where there must be one.
func (c *Conn) admit() error {
	if c.OwnOnly && c.scope == nil {
		return errOutsideScope
	}
	return nil
}

// IsValid reports whether the connection may go back to the pool. It's asked
// whenever a caller is done with it.
func (c *Conn) IsValid() bool {
	if !c.watch.end() {
		c.bad = true
	}
	return !c.bad && c.libConn.IsValid()
}

// Close closes the connection. That the other end is gone already is no error.
func (c *Conn) Close() error {
	c.watch.end()
	if budget := c.budget; budget != nil {
		c.budget = nil
		defer budget.closed()
	}
	if err := c.libConn.Close(); err != nil && !Lost(err) {
		return err
	}
	return nil
}

// ResetSession refuses a connection that is bad before it is used again.
func (c *Conn) ResetSession(ctx context.Context) error {
	if c.bad || c.connector.outdated(c.made) {
		return driver.ErrBadConn
	}
	return c.libConn.ResetSession(ctx)
}

// QueryContext reports to database/sql in its own words that the connection is lost,
// so that it takes another where that is safe: outside of a transaction, where
// all that we query is read, and at the opening of one.
func (c *Conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.admit(); err != nil {
		return nil, err
	}
	c.watch.begin(ctx)
	bound, err := c.bind(ctx, query, args)
	if err != nil {
		return nil, err
	}
	rows, err := c.libConn.QueryContext(ctx, query, bound)
	if err != nil && (SQLState(err) == "" && Lost(err) || (c.scope == nil || c.opening) && c.giveUpIfDropped(err)) {
		return nil, c.judge(driver.ErrBadConn)
	}
	return c.judgedRows(rows, c.misbound(query, args, err))
}

// ExecContext is lib/pq's, see judge.
func (c *Conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.admit(); err != nil {
		return nil, err
	}
	c.watch.begin(ctx)
	bound, err := c.bind(ctx, query, args)
	if err != nil {
		return nil, err
	}
	result, err := c.libConn.ExecContext(ctx, query, bound)
	return result, c.judge(c.misbound(query, args, err))
}

// judge gives the connection up, too, when it turns out to be to a standby: after
// a failover, the name that we connect to leads to the new primary. Every error of
// a statement passes it.
func (c *Conn) judge(err error) error {
	if err == nil {
		return nil
	}
	if c.scope != nil && c.scope.own && c.giveUpIfDropped(err) {
		return err
	}
	e := ServerError(err)
	refusedByScope := e != nil && e.Code == pqerror.ReadOnlySQLTransaction && c.scope != nil && c.scope.Options.ReadOnly
	if !Unavailable(err) || refusedByScope {
		return err
	}
	if c.scope != nil {
		c.scope.outage.Store(true)
	}
	if e != nil && (Fatal(e) || e.Code == pqerror.ReadOnlySQLTransaction) {
		c.bad = true
	}
	return err
}

// ErrNotLetIn says that an opening found no row.
var ErrNotLetIn = errors.New("the tenant's row refuses entry")

// BeginTx opens the context's scope, in one message.
func (c *Conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	s, ok := ScopeOf(ctx)
	if !ok {
		return nil, errors.New("a transaction needs a scope")
	}
	begin, err := beginning(opts)
	if err != nil {
		return nil, err
	}
	if c.OwnOnly && !s.own {
		return nil, errOutsideScope
	}
	c.scope, c.opening = s, true
	rows, err := c.QueryContext(ctx, begin+"; "+s.enter, nil)
	c.opening = false
	if err != nil {
		c.scope = nil
		c.bad = true // it may stand in a failed transaction
		return nil, err
	}
	entered, err := drain(rows)
	tx := &scopedTx{conn: c, scope: s, opening: rows}
	if err != nil {
		c.bad = true
		tx.end()
		return nil, err
	}
	if entered == 0 {
		if err := tx.Rollback(); err != nil {
			return nil, err
		}
		return nil, ErrNotLetIn
	}
	return tx, nil
}

// beginning is the BEGIN of a transaction with the options.
func beginning(opts driver.TxOptions) (string, error) {
	begin := "BEGIN"
	switch level := sql.IsolationLevel(opts.Isolation); level {
	case sql.LevelDefault:
	case sql.LevelReadUncommitted, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable:
		begin += " ISOLATION LEVEL " + strings.ToUpper(level.String())
	default:
		return "", domain.Errorf(domain.Internal, "PostgreSQL has no isolation level %q: use read committed, repeatable read or serializable", level)
	}
	if opts.ReadOnly {
		begin += " READ ONLY"
	}
	return begin, nil
}

// drain reads all that rows hold, and counts them.
func drain(rows driver.Rows) (n int, err error) {
	for ; ; n++ {
		if err := rows.Next(nil); errors.Is(err, io.EOF) {
			return n, nil
		} else if err != nil {
			return n, err
		}
	}
}

// send sends one message whose answer matters only if it's an error.
func (c *Conn) send(message string) error {
	_, err := c.ExecContext(context.Background(), message, nil)
	return err
}

// scopedTx is a transaction of a scope. The rows of its opening stay open until
// its end, though read: while they are, lib/pq watches the context, cancels what
// runs when that is done, and gives the connection up.
type scopedTx struct {
	conn    *Conn
	scope   *Scope
	opening driver.Rows
}

func (tx *scopedTx) end() {
	_ = tx.opening.Close()
	tx.conn.scope = nil
}

// Commit commits, unless the function ended the transaction behind our back or
// hid the error of a statement.
func (tx *scopedTx) Commit() error {
	defer tx.end()
	err := tx.conn.send(tx.scope.commit)
	if err == nil {
		return nil
	}
	switch e := ServerError(err); {
	case e == nil: // the connection is gone
		tx.conn.bad = true
		return err
	case e.Code == pqerror.InvalidTextRepresentation && strings.Contains(e.Message, endedWords):
		tx.conn.bad = true
		return ErrEnded()
	case e.Code == pqerror.InFailedSQLTransaction && !Raised(e):
		err = ErrSwallowed(err)
	}
	if tx.conn.send(tx.scope.rollback) != nil {
		tx.conn.bad = true
	}
	return err
}

// Rollback undoes all, and leaves the connection as it was before.
func (tx *scopedTx) Rollback() error {
	defer tx.end()
	err := tx.conn.send(tx.scope.rollback)
	if err != nil {
		tx.conn.bad = true
	}
	return err
}

// ErrEnded is the error of a function that ended its transaction itself.
func ErrEnded() *domain.Error {
	return domain.Errorf(domain.Internal, "the function ended the transaction itself: it commits by returning nil, and undoes by returning an error; leave COMMIT and ROLLBACK out").WithCode(CodeScopeEnded)
}

// ErrSwallowed is the error of a function that did not return err, an error of one of
// its statements.
func ErrSwallowed(err error) *domain.Error {
	return domain.Errorf(domain.Internal, "a statement in the scope failed, and its error wasn't returned: nothing was committed").WithCode(CodeScopeFailed).WithCause(err)
}
