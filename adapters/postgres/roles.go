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

// makeSchema is a tenant's schema, and its role where there are roles: it owns
// nothing and creates nothing, and later tables come with its grants.
func (in installation) makeSchema(id domain.TenantID) string {
	names := map[string]string{"schema": schemaOf(id), "role": in.tenantRole(id), "gate": in.gateRole()}
	if !in.roles {
		return fill(`CREATE SCHEMA {schema}`, names)
	}
	return fill(`
		CREATE ROLE {role} NOLOGIN;
		GRANT {role} TO {gate}`+in.onlyToBecome()+`;
		CREATE SCHEMA {schema};`+grantSchema, names)
}

// grantSchema is what a tenant's role may do with all that is made in its schema.
const grantSchema = `
		GRANT USAGE ON SCHEMA {schema} TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role};
		ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT EXECUTE ON FUNCTIONS TO {role}`

// dropSchema undoes makeSchema, with all that came since. What the role owns
// outside the schema, as a large object, would keep it: the role itself drops that.
func (in installation) dropSchema(id domain.TenantID) string {
	names := map[string]string{"schema": schemaOf(id), "role": in.tenantRole(id)}
	if !in.roles {
		return fill(`DROP SCHEMA {schema} CASCADE`, names)
	}
	return fill(`
		DROP SCHEMA {schema} CASCADE;
		GRANT {role} TO CURRENT_USER;
		SET LOCAL ROLE {role};
		DROP OWNED BY {role} CASCADE;
		SET LOCAL ROLE NONE;
		DROP ROLE {role}`, names)
}

// onlyToBecome are the options of a gate's membership from PostgreSQL 16 on.
// Before, the gate's own nature, NOINHERIT, says the same.
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
	REVOKE INSERT, UPDATE, DELETE ON partywall.installation, partywall.migrations, partywall.tenant_files FROM {system};
	GRANT SELECT (id, status, expires_at) ON partywall.tenants TO {gate}`

// closeFunctions keeps new functions from everybody: a tenant's come with a
// grant to its role, those of extensions stay everybody's.
const closeFunctions = `
	ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
	ALTER DEFAULT PRIVILEGES IN SCHEMA ext GRANT EXECUTE ON FUNCTIONS TO PUBLIC`

// ensureLogins makes the system's and the gate's login, or gives them their
// passwords anew, and what they may do.
func (s *setup) ensureLogins(ctx context.Context, tx *sqlx.Tx) error {
	names := map[string]string{"system": s.in.systemRole(), "gate": s.in.gateRole()}
	for _, login := range []string{names["system"], names["gate"]} {
		if err := s.ensureLogin(ctx, tx, login); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, fill(grantSystem, names)+";"+closeFunctions)
	return err
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
