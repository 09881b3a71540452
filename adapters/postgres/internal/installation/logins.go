package installation

import (
	"context"
	"errors"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// Logins holds the pools that serve an installation. The names of their logins
// contain the installation's name.
type Logins struct {
	Installation
	System *pg.Pool   // reads and writes the registry
	Gates  []*pg.Pool // serve the tenants
	Shared *pg.Pool   // works in the schema shared; nil where there is no connection for it

	SharedConnector *pg.Connector
}

// Gate returns the pool that serves the tenant.
func (l *Logins) Gate(domain.TenantID) *pg.Pool { return l.Gates[GateOfAll] }

// Serving returns the pools that requests need, the system's first.
func (l *Logins) Serving() []*pg.Pool { return append([]*pg.Pool{l.System}, l.Gates...) }

// All returns the serving pools and that of the schema shared, if there is one.
func (l *Logins) All() []*pg.Pool {
	if l.Shared == nil {
		return l.Serving()
	}
	return append(l.Serving(), l.Shared)
}

// Close closes all connections.
func (l *Logins) Close() error {
	var errs []error
	for _, pool := range l.All() {
		errs = append(errs, pool.DB.Close())
	}
	return errors.Join(errs...)
}

// TryAll logs in as each login once.
func (l *Logins) TryAll(ctx context.Context, cfg pg.Config) error {
	for _, pool := range l.All() {
		if err := pool.Ping(ctx); err != nil {
			return pg.LoginError(ctx, cfg, pool.Connector.Login, err)
		}
	}
	return nil
}

// LogIn returns the pools that serve an installation. It connects to nothing yet.
// Without roles all log in as Config.User.
func LogIn(c pg.Config, in Installation) *Logins {
	_, systemSize, gateSize := c.PoolSizes()
	system, gate, shared := in.SystemRole(), in.GateRole(), in.SharedRole()
	if !in.Roles {
		system, gate, shared = c.User, c.User, c.User
	}
	l := &Logins{
		Installation:    in,
		System:          pg.NewPool(c, pg.NewConnector(c, system), systemSize),
		Gates:           []*pg.Pool{pg.NewPool(c, pg.NewConnector(c, gate), gateSize)},
		SharedConnector: pg.NewConnector(c, shared),
	}
	if size := c.SharedSize(); size > 0 {
		l.Shared = pg.NewPool(c, l.SharedConnector, size)
	}
	return l
}
