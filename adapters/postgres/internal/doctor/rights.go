package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

// names are what the fixes of this database fill in.
func (c *checker) names() map[string]string {
	return map[string]string{"database": c.cfg.Database, "user": c.cfg.User, "system": c.in.SystemRole()}
}

func (c *checker) userRights(ctx context.Context) (doctor.Finding, error) {
	var may struct{ Super, Roles, Owner, RDS bool }
	if err := c.readOne(ctx, &may, `
		SELECT r.rolsuper AS super, r.rolcreaterole AS roles,
			pg_has_role(current_user, d.datdba, 'USAGE') AS owner,
			coalesce(pg_has_role(current_user, (SELECT oid FROM pg_roles WHERE rolname = 'rds_superuser'), 'MEMBER'), false) AS rds
		FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`); err != nil {
		return doctor.Finding{}, err
	}
	lacks, err := c.findLacks(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	names := c.names()
	switch {
	case may.Super:
		return doctor.Warn(c.cfg.User+" is a superuser, whom no wall holds", pg.Fill("ALTER ROLE {user} NOSUPERUSER CREATEROLE, as another superuser", names)), nil
	case len(lacks) > 0 && lacks[0].Later:
		return doctor.Warn(inspection.Reasons(lacks)+", so that those tenants can't be removed", "run as a superuser: "+inspection.SuperuserLine(lacks)), nil
	case len(lacks) > 0:
		return doctor.Fail(inspection.Reasons(lacks), "run as a superuser, connected to the database: "+inspection.SuperuserLine(lacks)+"; then "+c.setItUp()), nil
	case !may.Roles && c.cfg.Roles == pg.RolesAuto && !c.setUp:
		return doctor.Warn(c.cfg.User+" may not make roles: setup would go without the second wall, for good", pg.Fill("as a superuser, before the first setup: ALTER ROLE {user} CREATEROLE", names)), nil
	case may.RDS:
		return doctor.Warn(c.cfg.User+" is a member of rds_superuser", "give the program a user of its own, as docs/production.md describes below \"Another `DB_USER`\""), nil
	case !may.Owner:
		return doctor.Warn(c.cfg.User+" doesn't own the database, and can't close it to PUBLIC", pg.Fill("as a superuser: ALTER DATABASE {database} OWNER TO {user}", names)), nil
	}
	return doctor.Pass(c.cfg.User + " may do what it must, and no more"), nil
}

// findLacks looks for what setup would need.
func (c *checker) findLacks(ctx context.Context) (lacks []inspection.Lack, err error) {
	err = pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		in := c.in
		if !c.setUp {
			if in, err = installation.Guess(ctx, tx); err != nil {
				return err
			}
		}
		lacks, err = inspection.FindLacks(ctx, tx, c.cfg, in)
		return err
	})
	return lacks, err
}

func (c *checker) publicRights(ctx context.Context) (doctor.Finding, error) {
	var open struct {
		Create, Temp, Public bool
		Schemas, Strangers   string
	}
	elsewhere := strings.NewReplacer( // the roles that gate-rights and tenant-role-rights look at
		"{system}", pq.QuoteLiteral(c.in.SystemRole()), "{gates}", pq.QuoteLiteral(c.in.GatePrefix()), "{shared}", pq.QuoteLiteral(c.in.SharedRole()), "{tenants}", pq.QuoteLiteral(c.in.TenantPrefix()))
	if err := c.readOne(ctx, &open, elsewhere.Replace(`
		SELECT has_database_privilege('public', current_database(), 'CREATE') AS create,
			has_database_privilege('public', current_database(), 'TEMP') AS temp,
			coalesce((SELECT has_schema_privilege('public', oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'), false) AS public,
			coalesce((SELECT string_agg(quote_ident(nspname), ', ' ORDER BY nspname) FROM pg_namespace
				WHERE (nspname = 'partywall' OR `+pg.IsTenantSchema+`)
				AND (has_schema_privilege('public', oid, 'USAGE') OR has_schema_privilege('public', oid, 'CREATE'))), '') AS schemas,
			coalesce((SELECT string_agg(DISTINCT coalesce(r.rolname, 'PUBLIC') || ' in ' || n.nspname, ', ') FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a
				LEFT JOIN pg_roles r ON r.oid = a.grantee
				WHERE `+pg.IsOurSchema+` AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner
				AND NOT coalesce(r.rolname IN ({system}, {shared}) OR starts_with(r.rolname, {gates}) OR starts_with(r.rolname, {tenants}) AND n.nspname NOT IN ('ext', 'shared'), false)), '') AS strangers`)); err != nil {
		return doctor.Finding{}, err
	}
	fix := "run as the database's owner: " + inspection.CloseDatabase(c.cfg.Database)
	switch {
	case open.Schemas != "":
		return doctor.Fail("PUBLIC may enter "+open.Schemas, "run as DB_USER: REVOKE ALL ON SCHEMA "+open.Schemas+" FROM PUBLIC"), nil
	case open.Strangers != "":
		return doctor.Fail("other users may create things in schemas of ours, where their functions run with our rights: "+open.Strangers, "run as DB_USER, for each: REVOKE CREATE ON SCHEMA ... FROM ..."), nil
	case open.Create:
		return doctor.Fail("PUBLIC may make schemas in the database", fix), nil
	case open.Public:
		return doctor.Fail("PUBLIC may create things in the schema public", fix), nil
	case open.Temp:
		return doctor.Warn("PUBLIC may make temporary tables, which shadow a tenant's own", fix), nil
	}
	return doctor.Pass("PUBLIC may create nothing, and enters no schema of ours"), nil
}

// excess lists the rights of roles that exceed their needs, a line each. A pattern names
// the roles, so that one query reads those of all tenants.
func (c *checker) excess(ctx context.Context, branches ...string) ([]string, error) {
	query := `
		WITH role AS (SELECT * FROM pg_roles), acl AS (
			SELECT a.grantee, 'schema ' || n.nspname AS thing, n.nspname AS schema, a.privilege_type AS privilege, '' AS kind
			FROM pg_namespace n, aclexplode(n.nspacl) a
			UNION ALL
			SELECT a.grantee, n.nspname || '.' || c.relname, n.nspname, a.privilege_type, 'table'
			FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
			UNION ALL
			SELECT a.grantee, n.nspname || '.' || c.relname || '.' || t.attname, n.nspname, a.privilege_type, 'column'
			FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(t.attacl) a
		)
		SELECT text FROM (` + strings.Join(branches, " UNION ALL ") + `) found(text) ORDER BY 1`
	return c.lines(ctx, query)
}

// lines reads the lines of a query that names our roles in braces.
func (c *checker) lines(ctx context.Context, query string) (found []string, err error) {
	query = strings.NewReplacer(
		"{inst}", c.in.Name, "{system}", c.in.SystemRole(), "{gates}", c.in.GatePrefix(), "{shared}", c.in.SharedRole(),
	).Replace(query) // made of hex digits and our own words
	err = c.readAll(ctx, &found, query)
	return found, err
}

// The large objects that a tenant makes are its own.
const (
	powers = `
		SELECT r.rolname || ' is' || CASE WHEN r.rolsuper THEN ' SUPERUSER' ELSE '' END || CASE WHEN r.rolcreaterole THEN ' CREATEROLE' ELSE '' END
			|| CASE WHEN r.rolcreatedb THEN ' CREATEDB' ELSE '' END || CASE WHEN r.rolbypassrls THEN ' BYPASSRLS' ELSE '' END || CASE WHEN r.rolreplication THEN ' REPLICATION' ELSE '' END
		FROM role r WHERE %[1]s AND (r.rolsuper OR r.rolcreaterole OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication)`
	belongings = `
		SELECT r.rolname || ' owns ' || count(*) || ' things, as ' || min(pg_describe_object(d.classid, d.objid, 0))
		FROM role r JOIN pg_shdepend d ON d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid AND d.deptype = 'o'
		WHERE %[1]s AND d.classid <> 'pg_largeobject'::regclass AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) GROUP BY r.rolname`
	databaseGrants = `
		SELECT r.rolname || ' may ' || a.privilege_type || ' in the database'
		FROM role r JOIN (SELECT (aclexplode(datacl)).* FROM pg_database WHERE datname = current_database()) a ON a.grantee = r.oid
		WHERE %[1]s AND a.privilege_type IN ('CREATE', 'TEMPORARY')`
)

const (
	isLogin  = `(r.rolname IN ('{system}', '{shared}') OR starts_with(r.rolname, '{gates}'))`
	isGate   = `starts_with(r.rolname, '{gates}')`
	isMaker  = `r.rolname LIKE 'pw\_{inst}\_maker\_%'`
	isTenant = `r.rolname LIKE 'pw\_{inst}\_t\_%'`
)

func (c *checker) gateRights(ctx context.Context) (doctor.Finding, error) {
	if !c.in.Roles {
		return c.withoutLogins(), nil
	}
	if makers, err := c.makerExcess(ctx); err != nil || len(makers) > 0 {
		return doctor.Fail(pg.FirstFew(makers), "take it away as a superuser, with REVOKE or ALTER ROLE; a maker keeps CREATEROLE alone"), err
	}
	found, err := c.excess(ctx,
		fmt.Sprintf(powers, isLogin), fmt.Sprintf(belongings, isLogin), fmt.Sprintf(databaseGrants, isLogin),
		`SELECT r.rolname || ' inherits what its roles may' FROM role r WHERE `+isLogin+` AND r.rolinherit`,
		`SELECT r.rolname || ' is a member of ' || g.rolname FROM role r JOIN pg_auth_members m ON m.member = r.oid JOIN role g ON g.oid = m.roleid
			WHERE `+isLogin+` AND NOT (`+isGate+` AND g.rolname LIKE 'pw\_{inst}\_t\_%')`,
		`SELECT r.rolname || ' may give away or inherit ' || g.rolname FROM role r JOIN pg_auth_members m ON m.member = r.oid JOIN role g ON g.oid = m.roleid
			WHERE `+isLogin+` AND `+c.badMembership(),
		`SELECT r.rolname || ' may ' || a.privilege || ' ' || a.thing FROM role r JOIN acl a ON a.grantee = r.oid
			WHERE `+isGate+` AND NOT (a.thing = 'schema partywall' AND a.privilege = 'USAGE')
			AND NOT (a.kind = 'column' AND a.privilege = 'SELECT' AND a.thing IN (SELECT 'partywall.tenants.' || c FROM string_to_table('`+installation.ColumnsOfGate+`', ', ') c))`,
		`SELECT r.rolname || ' may ' || a.privilege || ' ' || a.thing FROM role r JOIN acl a ON a.grantee = r.oid
			WHERE r.rolname = '{system}' AND (a.schema <> 'partywall' OR a.privilege NOT IN ('USAGE', 'SELECT', 'INSERT', 'UPDATE', 'DELETE')
				OR a.thing = ANY (string_to_array('`+installation.TablesOfSetup+`, `+installation.TableOfEvents+`', ', ')) AND a.privilege <> 'SELECT'
				OR a.kind = 'column' AND NOT (`+grantedToAppend+`))`,
		`SELECT r.rolname || ' may ' || a.privilege || ' ' || a.thing FROM role r JOIN acl a ON a.grantee = r.oid
			WHERE r.rolname = '{shared}' AND (a.schema NOT IN ('shared', 'ext', 'public') OR a.privilege = 'CREATE')`,
	)
	if err != nil {
		return doctor.Finding{}, err
	}
	if len(found) > 0 {
		return doctor.Fail(pg.FirstFew(found), "take it away as a superuser, with REVOKE, REASSIGN OWNED or "+asLogins(found)), nil
	}
	return doctor.Pass("the logins may do their work only"), nil
}

// asLogins returns the statements that give the logins that findings begin with the
// attributes that they need.
func asLogins(findings []string) string {
	var statements []string
	for _, finding := range findings {
		login, _, _ := strings.Cut(finding, " ")
		statement := pg.Fill("ALTER ROLE {login} NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS NOREPLICATION NOINHERIT", map[string]string{"login": login})
		if !slices.Contains(statements, statement) {
			statements = append(statements, statement)
		}
	}
	return strings.Join(statements, "; ")
}

// makerExcess lists what makers, and others by way of them, may do beyond their work.
func (c *checker) makerExcess(ctx context.Context) ([]string, error) {
	return c.excess(ctx,
		`SELECT r.rolname || ' may log in, inherit or be more than a maker of roles' FROM role r
			WHERE `+isMaker+` AND (r.rolcanlogin OR r.rolinherit OR r.rolsuper OR r.rolcreatedb OR r.rolbypassrls OR r.rolreplication)`,
		`SELECT k.rolname || ' may become ' || r.rolname FROM role r JOIN pg_auth_members m ON m.roleid = r.oid JOIN role k ON k.oid = m.member
			WHERE `+isMaker+` AND k.rolname <> current_user AND NOT k.rolsuper`,
	)
}

// grantedToAppend is true for the column privileges a of the system's login.
const grantedToAppend = `a.thing = '` + installation.TableOfEvents + `.position' AND a.privilege = 'UPDATE'
	OR a.privilege = 'INSERT' AND a.thing IN (SELECT '` + installation.TableOfEvents + `.' || c FROM string_to_table('` + installation.ColumnsOfNewEvent + `', ', ') c)`

// loginLacks lists what our logins and PUBLIC may not do, and must.
const loginLacks = `
	WITH system AS (
		SELECT c.oid, 'partywall.' || c.relname AS name FROM pg_class c WHERE c.relnamespace = 'partywall'::regnamespace AND c.relkind IN ('r', 'p')
	)
	SELECT text FROM (
		SELECT r.rolname || ' may not use the schema partywall' FROM pg_roles r WHERE (r.rolname = '{system}' OR starts_with(r.rolname, '{gates}')) AND NOT has_schema_privilege(r.oid, 'partywall', 'USAGE')
		UNION ALL
		SELECT '{system} may not ' || p || ' ' || name FROM system, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
		WHERE NOT has_table_privilege('{system}', oid, p) AND (p = 'SELECT' OR name <> ALL (string_to_array('` + installation.TablesOfSetup + `, ` + installation.TableOfEvents + `', ', ')))
		UNION ALL
		SELECT '{system} may not ' || p || ' ' || name || '.' || attname FROM system JOIN pg_attribute a ON a.attrelid = system.oid, unnest(ARRAY['INSERT', 'UPDATE']) p
		WHERE name = '` + installation.TableOfEvents + `' AND attname = ANY (string_to_array(CASE p WHEN 'INSERT' THEN '` + installation.ColumnsOfNewEvent + `' ELSE 'position' END, ', '))
		AND NOT has_column_privilege('{system}', system.oid, attnum, p)
		UNION ALL
		SELECT g.rolname || ' may not read ' || name || '.' || attname FROM system JOIN pg_attribute a ON a.attrelid = system.oid JOIN pg_roles g ON starts_with(g.rolname, '{gates}')
		WHERE name = 'partywall.tenants' AND attname = ANY (string_to_array('` + installation.ColumnsOfGate + `', ', ')) AND NOT has_column_privilege(g.oid, system.oid, attnum, 'SELECT')
		UNION ALL
		SELECT 'PUBLIC may not use the schema ' || s FROM unnest(ARRAY['ext', 'shared']) s WHERE NOT has_schema_privilege('public', s, 'USAGE')
		UNION ALL
		SELECT '{shared} may not use all that is made in the schema shared later' FROM pg_roles WHERE rolname = '{shared}' AND (` + installation.SharedDefaults + `) < 3
	) found(text) ORDER BY 1`

// loginGrants looks for what the logins lack, as after a restore without privileges.
func (c *checker) loginGrants(ctx context.Context) (doctor.Finding, error) {
	if !c.in.Roles {
		return c.withoutLogins(), nil
	}
	found, err := c.lines(ctx, loginLacks)
	if err != nil {
		return doctor.Finding{}, err
	}
	if len(found) > 0 {
		return doctor.Fail(pg.FirstFew(found), c.setItUp()+", which grants it anew"), nil
	}
	return doctor.Pass("the logins may do their work"), nil
}

// badMembership is a membership by which a gate could do more than become the
// role. From PostgreSQL 16 on each has an INHERIT of its own.
func (c *checker) badMembership() string {
	if c.in.Version < 160000 {
		return `m.admin_option`
	}
	return `(m.admin_option OR m.inherit_option)`
}

// withoutLogins passes a check of rights where the installation has no logins.
func (c *checker) withoutLogins() doctor.Finding {
	return doctor.Pass("the installation has no logins: all runs as " + c.cfg.User)
}
