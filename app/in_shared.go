package app

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// InShared runs fn in one transaction outside of all tenants, with the schema shared
// on the path: for a page of prices, a payment provider's call that names no tenant,
// the tables of a job queue. It reads and writes what Config.SharedMigrations made,
// and reaches no tenant's data and nothing of Partywall's, so it needs no proof; what
// a product keeps in shared about its tenants, the product's own code guards.
//
// It commits, undoes and reports errors as [Partywall.InTenant] does. Where there are
// no SharedMigrations the error is [domain.Internal], and on memory [CodeNoDatabase].
func (p *Partywall) InShared(ctx context.Context, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	if p.sql == nil {
		return errNoDatabase()
	}
	return p.sql.InShared(ctx, fn, options...)
}

// SharedURL returns where a library that brings its own connections, such as a job
// queue with its workers, reaches the database, the private one included: a URL that
// pgx, lib/pq and libpq read. It is a secret, since it holds a password.
//
// The login is that of [Partywall.InShared], with the schema shared on its path. It may
// LISTEN. Its connections come on top of Database.MaxConns. A private PostgreSQL can
// get another address at its next start, and DB_GATE_SECRET changes the password, so a
// product asks for the URL at each start. With TENANT_ROLES=off the login is DB_USER,
// whom no wall holds: names are written in full. On memory it is [CodeNoDatabase].
func (p *Partywall) SharedURL(ctx context.Context) (domain.Secret, error) {
	if p.sql == nil {
		return domain.Secret{}, errNoDatabase()
	}
	return p.sql.SharedURL(ctx)
}
