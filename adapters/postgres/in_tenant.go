package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// InTenant runs fn inside the active tenant id: in one transaction, as the
// tenant's role, with the tenant's schema on the path and the configured
// timeouts. It commits if fn returns nil, and undoes all if fn returns an error
// or panics. fn must neither end the transaction itself nor keep tx.
//
// fn's error comes back as it is, and so does the server's where it refuses the
// commit, for instance for a deferred constraint. But a database that can't be used
// (a lost connection, a standby, a full disk) is [domain.Unavailable], as is waiting
// for a connection longer than [Config.AcquireTimeout], and a context that is done
// gives its own error: where that happens during the commit, it isn't known whether
// it succeeded. A statement that takes too long or waits too long for a lock is no
// such outage: its error (57014, 55P03) is fn's.
//
// A tenant that is unknown, suspended or unclaimed is [domain.CodeTenantNotFound];
// one whose schema is older than this program, or whose role the login may not become, is
// [domain.CodeTenantUpgrading].
// An error that fn swallowed is [CodeScopeFailed]: nothing was committed. A
// transaction that fn ended by itself is [CodeScopeEnded]. InTenant inside InTenant
// is [CodeScopeNested], since two small pools would wait for each other.
func (db *DB) InTenant(ctx context.Context, id domain.TenantID, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...pg.TxOption) error {
	return entering{db: db, id: id, condition: servesMembers}.run(ctx, fn, options...)
}

// run is [DB.InTenant] where the tenant's row admits e.
func (e entering) run(ctx context.Context, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...pg.TxOption) error {
	if e.id.IsZero() {
		return domain.Invalidf("tenantId", "name a tenant")
	}
	if err := pg.NoScope(ctx); err != nil {
		return err
	}
	var s *pg.Scope
	var used gate
	returned := false // from fn
	err := e.try(ctx, func(g gate) (entered bool, err error) {
		s, used = g.scope(), g
		for _, option := range options {
			option(&s.Options)
		}
		err = g.pool.For(e.id.String(), e.db.cfg.MaxTenantConns(e.id)).InScope(ctx, s, func(ctx context.Context, tx *sqlx.Tx) error {
			entered = true
			err := fn(ctx, tx)
			returned = true
			return err
		})
		return entered, err
	})
	if returned && err != nil && !s.Interrupted(ctx, err) {
		e.db.reportLock(ctx, used.pool, e.id, err)
		return err // fn's, or what its commit came to
	}
	return pg.Translate(ctx, err, "in tenant "+e.id.String())
}

// scope enters the tenant by the gate. The check of its row costs no round trip, and
// where the row refuses entry, the connection stays as it was.
func (g gate) scope() *pg.Scope {
	return pg.NewScope(g.id.String(), g.source(), append(enter(g.in, g.id), g.db.cfg.Timeouts()...)...)
}

// enter is how a tenant is entered: the role first, then the path.
func enter(in installation.Installation, id domain.TenantID) []pg.Setting {
	path := pg.Setting{Name: "search_path", Value: pg.PathOf(pg.SchemaOf(id))}
	if !in.Roles {
		return []pg.Setting{path}
	}
	return []pg.Setting{{Name: "role", Value: in.TenantRole(id)}, path}
}
