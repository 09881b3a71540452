package setup

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

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

// ensureShared makes the login that works in the schema shared, or sets its password
// again, and grants it what is made there. It grants what existed before only once, while
// the login has no default privilege: so a product's later REVOKE stays in force.
func (s *setup) ensureShared(ctx context.Context, tx *sqlx.Tx) error {
	login := s.in.SharedRole()
	if err := s.ensureLogin(ctx, tx, login); err != nil {
		return err
	}
	if err := s.ensureConnect(ctx, tx, login); err != nil {
		return err
	}
	if err := s.ensureSharedGrants(ctx, tx, login); err != nil {
		return err
	}
	_, err := s.ensurePath(ctx, tx, login, pg.SharedPath)
	return err
}

func (s *setup) ensureSharedGrants(ctx context.Context, tx *sqlx.Tx, login string) error {
	var found struct {
		Kinds   int  // see [installation.SharedDefaults]
		Granted bool // by this or an earlier Config.User
	}
	err := tx.GetContext(ctx, &found, strings.ReplaceAll(`
		SELECT (`+installation.SharedDefaults+`) AS kinds, EXISTS (
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
	_, err = tx.ExecContext(ctx, pg.Fill(statements, map[string]string{"shared": login}))
	return err
}
