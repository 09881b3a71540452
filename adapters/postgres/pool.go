package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// pool is some connections of one login. Who wants one takes a turn first:
// [sql.DB] alone would have callers wait for one as long as they live.
type pool struct {
	db        *sqlx.DB
	connector *connector
	turns     chan struct{} // one for each connection that is taken
	patience  time.Duration
}

// newPool returns a pool of at most size connections. It connects to nothing yet.
func newPool(cfg Config, c *connector, size int) *pool {
	return &pool{c.pool(size), c, make(chan struct{}, size), cfg.AcquireTimeout}
}

// use runs fn once a connection is free, which it doesn't wait for long. fn uses
// one at a time.
func (p *pool) use(ctx context.Context, fn func(db *sqlx.DB) error) error {
	return p.useWithin(ctx, p.patience, fn)
}

// useWithin is use for a caller who has another patience.
func (p *pool) useWithin(ctx context.Context, patience time.Duration, fn func(db *sqlx.DB) error) error {
	if err := p.takeTurn(ctx, patience); err != nil {
		return err
	}
	defer func() { <-p.turns }()
	return fn(p.db)
}

func (p *pool) takeTurn(ctx context.Context, patience time.Duration) error {
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
		return domain.NewError(domain.CodeDatabaseUnavailable).WithMessage("all connections to the database are busy; try again").WithRetryAfter(retryAfter)
	}
}

// inScope is [inScope] on a connection of the pool.
func (p *pool) inScope(ctx context.Context, s *scope, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	return p.use(ctx, func(db *sqlx.DB) error { return inScope(ctx, db, s, fn) })
}

// ping looks whether a connection can be had and used. It's a query, since
// [sql.DB.PingContext] doesn't try another connection where one went stale.
func (p *pool) ping(ctx context.Context) error {
	return p.each(ctx, func(*sql.Rows) error { return nil }, `SELECT 1`)
}

// each calls scan for every row of a query.
func (p *pool) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return p.use(ctx, func(db *sqlx.DB) error {
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// one has scan read a query's first row. Where there is none, the error is
// [sql.ErrNoRows].
func one[T any](ctx context.Context, p *pool, scan func(scanner) (T, error), query string, args ...any) (value T, err error) {
	err = p.use(ctx, func(db *sqlx.DB) (err error) {
		value, err = scan(db.QueryRowContext(ctx, query, args...))
		return err
	})
	return value, err
}
