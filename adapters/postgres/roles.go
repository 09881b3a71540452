package postgres

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

// fill puts names into a statement's {braces}, quoted as identifiers.
func fill(statement string, names map[string]string) string {
	var pairs []string
	for key, name := range names {
		pairs = append(pairs, "{"+key+"}", pq.QuoteIdentifier(name))
	}
	return strings.NewReplacer(pairs...).Replace(statement)
}

// makeSchema makes a tenant's schema and, where there are roles, its role. The
// role owns nothing and creates nothing, and later tables come with its grants.
func (in installation) makeSchema(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	names := map[string]string{"schema": schemaOf(id), "role": in.tenantRole(id), "gate": in.gateRole()}
	statements := `CREATE SCHEMA {schema}`
	if in.roles {
		maker, err := in.makerOfNext(ctx, tx)
		if err != nil {
			return err
		}
		names["maker"] = maker
		statements = `
		SET LOCAL ROLE {maker};
		CREATE ROLE {role} NOLOGIN;
		GRANT {role} TO {gate}` + in.onlyToBecome() + `;
		SET LOCAL ROLE NONE;
		CREATE SCHEMA {schema};` + grantSchema
	}
	_, err := tx.ExecContext(ctx, fill(statements, names))
	return err
}

// grantSchema is what a tenant's role may do with all that is made in its schema.
const grantSchema = `
		GRANT USAGE ON SCHEMA {schema} TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT EXECUTE ON FUNCTIONS TO {role}`

// dropSchema undoes makeSchema, with all that came since. What the role owns
// outside the schema, as a large object, would keep it: the role itself drops that.
func (in installation) dropSchema(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	names := map[string]string{"schema": schemaOf(id), "role": in.tenantRole(id)}
	statements := `DROP SCHEMA {schema} CASCADE`
	if in.roles {
		maker, err := in.makerOf(ctx, tx, id)
		if err != nil {
			return err
		}
		names["maker"] = maker
		statements += `;
		SET LOCAL ROLE {maker};
		GRANT {role} TO {maker}` + in.onlyToBecome() + `;
		SET LOCAL ROLE {role};
		DROP OWNED BY {role} CASCADE;
		SET LOCAL ROLE {maker};
		DROP ROLE {role};
		SET LOCAL ROLE NONE`
	}
	_, err := tx.ExecContext(ctx, fill(statements, names))
	return err
}

// becomeTenant makes the transaction's user become the tenant's role, by way of
// the role's maker.
func (in installation) becomeTenant(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	maker, err := in.makerOf(ctx, tx, id)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fill(`
		SET LOCAL ROLE {maker};
		GRANT {role} TO {maker}`+in.onlyToBecome()+`;
		SET LOCAL ROLE {role}`, map[string]string{"role": in.tenantRole(id), "maker": maker}))
	return err
}

// onlyToBecome are the options of a membership from PostgreSQL 16 on that lets
// its member SET ROLE and nothing else. Before 16, our members' own NOINHERIT has
// the same effect.
func (in installation) onlyToBecome() string {
	if in.version < 160000 {
		return ""
	}
	return " WITH INHERIT FALSE, SET TRUE, ADMIN FALSE"
}

// grantSystem is what our two logins may do: the system's reads and writes the
// registry; the gate's reads whether a tenant may be entered.
const grantSystem = `
	GRANT USAGE ON SCHEMA partywall TO {system}, {gate};
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA partywall TO {system};
	REVOKE INSERT, UPDATE, DELETE ON partywall.installation, partywall.migrations, partywall.tenant_files, partywall.migration_failures FROM {system};
	GRANT SELECT (id, status, gate, expires_at, pw_version, version) ON partywall.tenants TO {gate}`

// closeFunctions keeps new functions from everybody: a tenant's come with a
// grant to its role, those of extensions stay everybody's.
const closeFunctions = `
	ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
	ALTER DEFAULT PRIVILEGES IN SCHEMA ext GRANT EXECUTE ON FUNCTIONS TO PUBLIC`

// ensureLogins makes the system's and the gate's login, or gives them their
// passwords anew, and what they may do.
func (s *setup) ensureLogins(ctx context.Context, tx *sqlx.Tx) error {
	if err := s.ensureMaker(ctx, tx); err != nil {
		return err
	}
	names := map[string]string{"system": s.in.systemRole(), "gate": s.in.gateRole()}
	for _, login := range []string{names["system"], names["gate"]} {
		if err := s.ensureLogin(ctx, tx, login); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fill(grantSystem, names)+";"+closeFunctions); err != nil {
		return err
	}
	for _, login := range []string{names["system"], names["gate"]} {
		if _, err := s.ensurePath(ctx, tx, login, ownPath); err != nil {
			return err
		}
	}
	return s.ensureShared(ctx, tx)
}

// ensureOnlyLogin closes the path of Config.User, as which all runs without roles.
func (s *setup) ensureOnlyLogin(ctx context.Context, tx *sqlx.Tx) error {
	changed, err := s.ensurePath(ctx, tx, s.cfg.User, ownPath)
	if changed {
		s.did("set the search path of %s in this database to %s: name other schemas in full", s.cfg.User, ownPath)
	}
	return err
}

// ensurePath sets the search path of a login's sessions in this database, and
// reports whether it was another one. What a login runs outside a scope then finds
// nothing that another program put into a schema that is open to it.
func (s *setup) ensurePath(ctx context.Context, tx *sqlx.Tx, login, path string) (changed bool, err error) {
	var right bool
	err = tx.GetContext(ctx, &right, `
		SELECT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
			WHERE r.rolname = $1 AND d.datname = current_database() AND 'search_path='||$2 = ANY (s.setconfig))`, login, path)
	if err != nil || right {
		return false, err
	}
	_, err = tx.ExecContext(ctx, fill(`ALTER ROLE {login} IN DATABASE {database} SET search_path = `+path,
		map[string]string{"login": login, "database": s.cfg.Database}))
	return err == nil, err
}

func (s *setup) ensureLogin(ctx context.Context, tx *sqlx.Tx, login string) error {
	verifier, err := scramVerifier(s.cfg.secret(), login)
	if err != nil {
		return err
	}
	var exists bool
	if err := tx.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, login); err != nil {
		return err
	}
	verb := "ALTER"
	if !exists {
		verb = "CREATE"
		s.did("made the login %s", login)
	}
	_, err = tx.ExecContext(ctx, verb+" ROLE "+pq.QuoteIdentifier(login)+" LOGIN NOINHERIT PASSWORD "+pq.QuoteLiteral(verifier))
	return err
}
