package postgres

import (
	"context"
	"errors"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// logins are the pools that serve, which aren't known before the database tells
// the installation's name.
type logins struct {
	installation
	system *pg.Pool   // reads and writes the registry
	gates  []*pg.Pool // serve the tenants
	shared *pg.Pool   // works in the schema shared; nil where there is no connection for it

	sharedConnector *pg.Connector
}

// gate returns the pool that serves the tenant.
func (l *logins) gate(domain.TenantID) *pg.Pool { return l.gates[gateOfAll] }

// serving are the pools that every request needs, the system's first.
func (l *logins) serving() []*pg.Pool { return append([]*pg.Pool{l.system}, l.gates...) }

// all are the serving pools and that of the schema shared, if there is one.
func (l *logins) all() []*pg.Pool {
	if l.shared == nil {
		return l.serving()
	}
	return append(l.serving(), l.shared)
}

func (l *logins) close() error {
	var errs []error
	for _, pool := range l.all() {
		errs = append(errs, pool.DB.Close())
	}
	return errors.Join(errs...)
}

// tryAll logs in everywhere once.
func (l *logins) tryAll(ctx context.Context, cfg pg.Config) error {
	for _, pool := range l.all() {
		if err := pool.Ping(ctx); err != nil {
			return pg.LoginError(ctx, cfg, pool.Connector.Login, err)
		}
	}
	return nil
}

// logIn makes the pools that serve an installation. Without roles all log in as
// the one user there is.
func logIn(c pg.Config, in installation) *logins {
	_, systemSize, gateSize := c.PoolSizes()
	system, gate, shared := in.systemRole(), in.gateRole(), in.sharedRole()
	if !in.roles {
		system, gate, shared = c.User, c.User, c.User
	}
	l := &logins{
		installation:    in,
		system:          pg.NewPool(c, pg.NewConnector(c, system), systemSize),
		gates:           []*pg.Pool{pg.NewPool(c, pg.NewConnector(c, gate), gateSize)},
		sharedConnector: pg.NewConnector(c, shared),
	}
	if size := c.SharedSize(); size > 0 {
		l.shared = pg.NewPool(c, l.sharedConnector, size)
	}
	return l
}
