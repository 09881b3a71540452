package postgres

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// What a product does outside of all tenants, such as the workers of a job queue,
// runs as a login of its own: it owns nothing, uses what lies in the schema shared,
// and becomes no other role. No tenant's scope can become it.

// sharedPath is the search path of that login. Config.User alone may create in it.
const sharedPath = pg.SharedSchema + ", " + pg.ExtensionSchema + ", pg_temp"

// grantShared is what the login may do with all that is made in the schema shared
// from now on.
const grantShared = `
	GRANT USAGE ON SCHEMA shared TO {shared};
	ALTER DEFAULT PRIVILEGES IN SCHEMA shared GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {shared};
	ALTER DEFAULT PRIVILEGES IN SCHEMA shared GRANT USAGE, SELECT ON SEQUENCES TO {shared};
	ALTER DEFAULT PRIVILEGES IN SCHEMA shared GRANT EXECUTE ON FUNCTIONS TO {shared}`

// grantOlder does the same for what was made before there was the login. What
// another role owns, its owner grants.
const grantOlder = `
	DO $grant$
	DECLARE statement text;
	BEGIN
		FOR statement IN
			SELECT format('GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE shared.%I TO {shared}', c.relname)
			FROM pg_class c WHERE c.relnamespace = 'shared'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_has_role(c.relowner, 'USAGE')
			UNION ALL
			SELECT format('GRANT USAGE, SELECT ON SEQUENCE shared.%I TO {shared}', c.relname)
			FROM pg_class c WHERE c.relnamespace = 'shared'::regnamespace AND c.relkind = 'S' AND pg_has_role(c.relowner, 'USAGE')
			UNION ALL
			SELECT format('GRANT EXECUTE ON ROUTINE %s TO {shared}', p.oid::regprocedure)
			FROM pg_proc p WHERE p.pronamespace = 'shared'::regnamespace AND pg_has_role(p.proowner, 'USAGE')
		LOOP
			EXECUTE statement;
		END LOOP;
	END $grant$`

// sharedDefaults counts the kinds of things, of tables, sequences and functions, of
// which the login {shared} may use what Config.User makes in the schema shared.
const sharedDefaults = `
	SELECT count(DISTINCT d.defaclobjtype) FROM pg_default_acl d, aclexplode(d.defaclacl) a JOIN pg_roles r ON r.oid = a.grantee
	WHERE d.defaclnamespace = 'shared'::regnamespace AND d.defaclrole = CURRENT_USER::regrole AND r.rolname = '{shared}'`

// ensureShared makes the login that works in the schema shared, or gives it its
// password anew, and what it may do with what is made there. The older grants are
// made once, while no default privilege shows that it had them: what a product takes
// away later stays so.
func (s *setup) ensureShared(ctx context.Context, tx *sqlx.Tx) error {
	login := s.in.sharedRole()
	if err := s.ensureLogin(ctx, tx, login); err != nil {
		return err
	}
	if err := s.ensureConnect(ctx, tx, login); err != nil {
		return err
	}
	if err := s.ensureSharedGrants(ctx, tx, login); err != nil {
		return err
	}
	_, err := s.ensurePath(ctx, tx, login, sharedPath)
	return err
}

func (s *setup) ensureSharedGrants(ctx context.Context, tx *sqlx.Tx, login string) error {
	var found struct {
		Kinds   int  // see sharedDefaults
		Granted bool // by this or an earlier Config.User
	}
	err := tx.GetContext(ctx, &found, strings.ReplaceAll(`
		SELECT (`+sharedDefaults+`) AS kinds, EXISTS (
			SELECT FROM pg_default_acl d, aclexplode(d.defaclacl) a JOIN pg_roles r ON r.oid = a.grantee
			WHERE d.defaclnamespace = 'shared'::regnamespace AND r.rolname = '{shared}'
		) AS granted`, "{shared}", login))
	if err != nil || found.Kinds == 3 {
		return err
	}
	statements := grantShared
	if !found.Granted {
		statements += ";" + grantOlder
	}
	_, err = tx.ExecContext(ctx, fill(statements, map[string]string{"shared": login}))
	return err
}

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
	s := pg.NewScope(pg.SharedSchema, "", append(db.cfg.Timeouts(), pg.Setting{Name: "search_path", Value: sharedPath})...)
	for _, option := range options {
		option(&s.Options)
	}
	returned := false // from fn
	err = logins.shared.InScope(ctx, s, func(ctx context.Context, tx *sqlx.Tx) error {
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
	connector := logins.sharedConnector
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
