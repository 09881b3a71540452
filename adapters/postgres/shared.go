package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// What a product does outside of all tenants, such as the workers of a job queue,
// runs as a login of its own: it owns nothing, uses what lies in the schema shared,
// and becomes no other role. No tenant's scope can become it.

// InShared runs fn in one transaction outside of all tenants: as the login that uses
// the schema shared, which is on the path. It reaches no tenant and nothing of ours.
// Without roles it runs as Config.User, which the path alone keeps there.
//
// Its errors are those of [DB.InTenant], but for the tenant's. Where
// Config.SharedMigrations is nil or Config.MaxConns leaves no connection for it,
// the error is [domain.Internal].
func (db *DB) InShared(ctx context.Context, fn func(ctx context.Context, tx *sqlx.Tx) error, options ...pg.TxOption) error {
	if err := pg.NoScope(ctx); err != nil {
		return err
	}
	logins, err := db.logins()
	if err != nil {
		return err
	}
	if err := db.cfg.HasShared(); err != nil {
		return err
	}
	s := pg.NewScope(pg.SharedSchema, "", append(db.cfg.Timeouts(), pg.Setting{Name: "search_path", Value: pg.SharedPath})...)
	for _, option := range options {
		option(&s.Options)
	}
	returned := false // from fn
	err = logins.Shared.InScope(ctx, s, func(ctx context.Context, tx *sqlx.Tx) error {
		err := fn(ctx, tx)
		returned = true
		return err
	})
	if returned && err != nil && !s.Interrupted(ctx, err) {
		return err
	}
	return pg.Translate(ctx, err, "in the schema shared")
}

// SharedURL returns where a library that brings its own connections, such as a job
// queue, reaches the database as the login of [DB.InShared]: a URL that libpq, pgx and
// lib/pq read, with the password in it. The login's search path has the schema
// shared. Without roles the login is Config.User, and names are written in full.
//
// It logs in once, to return the password that is in force. A later change of the
// password needs a new URL.
func (db *DB) SharedURL(ctx context.Context) (domain.Secret, error) {
	logins, err := db.logins()
	if err != nil {
		return domain.Secret{}, err
	}
	connector := logins.SharedConnector
	conn, err := connector.Connect(ctx)
	if err != nil {
		return domain.Secret{}, pg.LoginError(ctx, db.cfg, connector.Login, err)
	}
	if err := conn.Close(); err != nil {
		return domain.Secret{}, pg.Translate(ctx, err, "leave the database")
	}
	password := db.cfg.PasswordsOf(connector.Login)[connector.Preferred.Load()]
	return domain.NewSecret(db.cfg.URL(connector.Login, password)), nil
}
