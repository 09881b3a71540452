package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// gate is the pool that serves the tenants of one gate. Who wants a connection of
// it takes a turn first: [sql.DB] alone would have callers wait for one as long
// as they live.
type gate struct {
	*sqlx.DB
	turns    chan struct{} // one for each connection that is taken
	patience time.Duration
}

func newGate(pool *sqlx.DB, size int, patience time.Duration) *gate {
	return &gate{pool, make(chan struct{}, size), patience}
}

// turn waits until a connection is free, but not for long. The caller gives the
// turn back with leave, once the connection is back.
func (g *gate) turn(ctx context.Context) (leave func(), err error) {
	leave = func() { <-g.turns }
	select {
	case g.turns <- struct{}{}:
		return leave, nil
	default:
	}
	timer := time.NewTimer(g.patience)
	defer timer.Stop()
	select {
	case g.turns <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, &domain.Error{Kind: domain.Unavailable, Code: domain.CodeDatabaseUnavailable, Message: "all connections to the database are busy; try again", RetryAfter: retryAfter}
	}
}

// ping looks whether a connection can be had and used.
func (g *gate) ping(ctx context.Context) error {
	leave, err := g.turn(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return g.PingContext(ctx)
}
