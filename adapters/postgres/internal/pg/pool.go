package pg

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// Pool is some connections of one login. Who wants one takes a turn first:
// [sql.DB] alone would have callers wait for one as long as they live.
type Pool struct {
	DB        *sqlx.DB
	Connector *Connector
	turns     chan struct{} // one for each connection that is taken
	patience  time.Duration
}

// NewPool returns a pool of at most size connections. It connects to nothing yet.
func NewPool(cfg Config, c *Connector, size int) *Pool {
	return &Pool{c.Pool(size), c, make(chan struct{}, size), cfg.AcquireTimeout}
}

// Use runs fn once a connection is free, which it doesn't wait for long. fn uses
// one at a time.
func (p *Pool) Use(ctx context.Context, fn func(db *sqlx.DB) error) error {
	return p.UseWithin(ctx, p.patience, fn)
}

// UseWithin is use for a caller who has another patience.
func (p *Pool) UseWithin(ctx context.Context, patience time.Duration, fn func(db *sqlx.DB) error) error {
	if err := p.takeTurn(ctx, patience); err != nil {
		return err
	}
	defer func() { <-p.turns }()
	return fn(p.DB)
}

func (p *Pool) takeTurn(ctx context.Context, patience time.Duration) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return domain.NewError(domain.CodeDatabaseUnavailable).WithMessage("all connections to the database are busy; try again").WithRetryAfter(RetryAfter)
	}
}

// InScope is [InScope] on a connection of the pool.
func (p *Pool) InScope(ctx context.Context, s *Scope, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	return p.Use(ctx, func(db *sqlx.DB) error { return InScope(ctx, db, s, fn) })
}

// Ping looks whether a connection can be had and used. It's a query, since
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
