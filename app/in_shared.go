package app

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// InShared runs fn in one transaction outside of all tenants, with the schema "shared"
// on the search path: for a page of prices, a payment provider's call that names no tenant,
// the tables of a job queue. It can access what Config.SharedMigrations created,
// but no tenant's data and none of Partywall's, so it needs no proof. The product's own
// code has to protect data about its tenants in that schema.
//
// It commits, rolls back and reports errors as [Partywall.InTenant] does. Without
// SharedMigrations the error is [domain.Internal], and with Memory [CodeNoDatabase].
func (p *Partywall) InShared(ctx context.Context, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...TxOption) error {
	if err := mayRun(p.sql, fn != nil); err != nil {
		return err
	}
	return p.sql.InShared(ctx, fn, options...)
}

// SharedURL returns the address of the database, including a private one, for a library
// that opens its own connections, such as a job queue with workers. It is a URL that
// pgx, lib/pq and libpq read. It is a secret, because it contains a password.
//
// The login is that of [Partywall.InShared], with the schema "shared" on its search path.
// It may LISTEN. Its connections are not part of Database.MaxConns. A private PostgreSQL
// can get another address at its next start, and DB_GATE_SECRET changes the password, so a
// product must call SharedURL at each start. With TENANT_ROLES=off the login is DB_USER,
// which is not restricted to the schema: qualify all names. With Memory the error is
// [CodeNoDatabase].
func (p *Partywall) SharedURL(ctx context.Context) (domain.Secret, error) {
	if p.sql == nil {
		return domain.Secret{}, errNoDatabase()
	}
	return p.sql.SharedURL(ctx)
}
