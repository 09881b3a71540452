package pg

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
)

// Pool is some connections of one login. A caller takes a turn before it uses one,
// because [sql.DB] alone would have callers wait without end, and in one queue.
type Pool struct {
	DB        *sqlx.DB
	Connector *Connector
	turns     *turns
	patience  time.Duration

	budget *Budget       // nil: the pool's size is the only bound
	used   *atomic.Int64 // when a caller took its last turn, if there is a budget

	tenant string // on whose behalf the callers take turns; empty: the program's own
	most   int    // turns that the tenant holds at a time; 0: all
}

// NewPool returns a pool of at most size connections. It connects to nothing yet.
func NewPool(cfg Config, c *Connector, size int) *Pool {
	return &Pool{DB: c.Pool(size), Connector: c, turns: newTurns(size), patience: cfg.AcquireTimeout}
}

// For returns the pool for callers on behalf of a tenant, which uses at most so many
// connections at a time; 0 is no limit. The tenants of a pool take turns, and so does the
// program itself, which names none.
func (p *Pool) For(tenant string, most int) *Pool {
	of := *p
	of.tenant, of.most = tenant, most
	return &of
}

// Use runs fn once the caller has its turn, and returns
// [domain.CodeDatabaseUnavailable] after a wait of [Config.AcquireTimeout], or
// [domain.CodeTenantBusy] where the tenant waits for itself. fn uses one connection at a
// time.
func (p *Pool) Use(ctx context.Context, fn func(db *sqlx.DB) error) error {
	return p.UseWithin(ctx, p.patience, fn)
}

// UseWithin is [Pool.Use] for a caller with another patience.
func (p *Pool) UseWithin(ctx context.Context, patience time.Duration, fn func(db *sqlx.DB) error) error {
	q, err := p.turns.take(ctx, p.tenant, p.most, patience)
	if err != nil {
		return err
	}
	defer p.turns.release(q)
	if p.budget == nil {
		return fn(p.DB)
	}
	p.used.Store(time.Now().UnixNano())
	release, err := p.budget.take(ctx, patience)
	if err != nil {
		return err
	}
	defer release()
	return fn(p.DB)
}

// Resize changes how many connections the pool has at most. After idle without a caller a
// connection is closed; 0 keeps it.
func (p *Pool) Resize(size int, idle time.Duration) {
	p.turns.resize(size)
	p.DB.SetMaxOpenConns(size)
	p.DB.SetMaxIdleConns(size)
	p.DB.SetConnMaxIdleTime(idle)
}

// closeIdle closes the connections that no caller uses.
func (p *Pool) closeIdle() {
	size := p.DB.Stats().MaxOpenConnections
	p.DB.SetMaxIdleConns(-1)
	p.DB.SetMaxIdleConns(size)
}

// Waiting returns how many callers wait for their turn.
func (p *Pool) Waiting() int { return p.turns.countWaiting() }

// InScope is [InScope] on a connection of the pool.
func (p *Pool) InScope(ctx context.Context, s *Scope, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	return p.Use(ctx, func(db *sqlx.DB) error { return InScope(ctx, db, s, fn) })
}

// Ping checks that the pool gets a connection that works. It's a query, since
// [sql.DB.PingContext] doesn't try another connection where one went stale.
func (p *Pool) Ping(ctx context.Context) error {
	return p.Each(ctx, func(*sql.Rows) error { return nil }, `SELECT 1`)
}

// Query runs a statement outside any scope, and calls read with its rows.
func (p *Pool) Query(ctx context.Context, read func(*sql.Rows) error, query string, args ...any) error {
	return p.Use(ctx, func(db *sqlx.DB) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := db.QueryContext(loneStatement{ctx}, query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		if err := read(rows); err != nil {
			return err
		}
		return errors.Join(rows.Close(), rows.Err()) // Close reads what read has left
	})
}

// Each calls scan for every row of a query.
func (p *Pool) Each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return p.Query(ctx, func(rows *sql.Rows) error {
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return nil
	}, query, args...)
}

// Scanner is a row.
type Scanner interface{ Scan(dest ...any) error }

// One has scan read a query's first row. Where there is none, the error is
// [sql.ErrNoRows].
func One[T any](ctx context.Context, p *Pool, scan func(Scanner) (T, error), query string, args ...any) (value T, err error) {
	found := false
	err = p.Query(ctx, func(rows *sql.Rows) (err error) {
		if found = rows.Next(); found {
			value, err = scan(rows)
		}
		return err
	}, query, args...)
	if err == nil && !found {
		err = sql.ErrNoRows
	}
	return value, err
}
