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
	System *pg.Pool // reads and writes the registry
	Gates  *Gates   // serve the tenants
	Shared *pg.Pool // works in the schema shared; nil where there is no connection for it

	SharedConnector *pg.Connector
}

// SystemFor returns the pool of the system for what is done on behalf of a tenant, so
// that tenants take turns in the registry, too.
func (l *Logins) SystemFor(id domain.TenantID) *pg.Pool { return l.System.For(id.String(), 0) }

// SystemForUser is [Logins.SystemFor] for what is done on behalf of a user whose tenant is
// not known yet.
func (l *Logins) SystemForUser(who domain.Identity) *pg.Pool { return l.System.For(who.String(), 0) }

// Registry returns the pools that are no gate's.
func (l *Logins) Registry() []*pg.Pool {
	if l.Shared == nil {
		return []*pg.Pool{l.System}
	}
	return []*pg.Pool{l.System, l.Shared}
}

// Close closes all connections.
func (l *Logins) Close() error {
	errs := l.Gates.close()
	for _, pool := range l.Registry() {
		errs = append(errs, pool.DB.Close())
	}
	return errors.Join(errs...)
}

// TryAll logs in as each login once. It returns the refusals of gates if other gates let
// the program in: it serves the tenants of those.
func (l *Logins) TryAll(ctx context.Context, cfg pg.Config) (refused []error, err error) {
	for _, pool := range l.Registry() {
		if err := try(ctx, cfg, pool); err != nil {
			return nil, err
		}
	}
	gates := l.Gates.All()
	for _, pool := range gates {
		switch err := try(ctx, cfg, pool); {
		case pg.LoginRefused(err) || errors.Is(err, pg.CodeLoginRefused):
			refused = append(refused, err)
		case err != nil:
			return nil, err
		}
	}
	if len(refused) == len(gates) {
		return nil, refused[0]
	}
	return refused, nil
}

func try(ctx context.Context, cfg pg.Config, pool *pg.Pool) error {
	if err := pool.Ping(ctx); err != nil {
		return pg.LoginError(ctx, cfg, pool.Connector.Login, err)
	}
	return nil
}

// LogIn returns the pools that serve an installation. It connects to nothing yet.
// Without roles all log in as Config.User, and a gate is a pool alone.
func LogIn(c pg.Config, in Installation) *Logins {
	_, systemSize, gateSize := c.PoolSizes()
	login := func(role string) *pg.Connector {
		if !in.Roles {
			role = c.User
		}
		return pg.NewConnector(c, role)
	}
	l := &Logins{
		Installation:    in,
		System:          pg.NewPool(c, login(in.SystemRole()), systemSize),
		Gates:           newGates(in.Gates, gateSize, func(n, size int) *pg.Pool { return pg.NewPool(c, login(in.GateRole(n)), size) }),
		SharedConnector: login(in.SharedRole()),
	}
	if size := c.SharedSize(); size > 0 {
		l.Shared = pg.NewPool(c, l.SharedConnector, size)
	}
	return l
}
