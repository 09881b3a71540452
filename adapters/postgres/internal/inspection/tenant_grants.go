package inspection

import (
	"context"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// A restore, a REVOKE or a dropped role can leave a tenant whose role may no longer
// use its schema, which then fails each of its requests.

// TenantLack is what a tenant's role lacks.
type TenantLack struct {
	Tenant     string
	Gate       int      // its number
	Role       bool     // the role itself is missing
	Membership bool     // its gate may not become it
	Schema     bool     // USAGE, or the default privileges of what is made later
	All        bool     // it may use none of the tables
	Things     []string // what most of the tenants' roles may, as GRANT spells it
	Denied     []string // likewise, what most may not
}

// String returns what is lacking, for the operator.
func (l TenantLack) String() string {
	switch {
	case l.Role:
		return l.Tenant + " has no role"
	case l.Membership:
		return l.Tenant + " has a role that the gate may not become"
	case l.All:
		return l.Tenant + " has a role that may use no table"
	case l.Schema:
		return l.Tenant + " has a role that may not use the schema or what is made there later"
	}
	return l.Tenant + " has a role without " + pg.FirstFew(l.Things)
}

// findTenantLacks compares each tenant's grants with the others'. A right that a
// product's migration takes from all tenants' roles isn't lacking. A role that may use
// no table, or is missing, shows nothing of what a product meant. What each tenant's
// role was granted as a whole, by the default privileges, is not looked at any closer.
const findTenantLacks = `
	WITH tenant AS (
		SELECT t.id, t.gate, n.oid AS schema, n.nspname, r.oid AS role FROM partywall.tenants t
		JOIN pg_namespace n ON n.nspname = ` + pg.SchemaOfRow + `
		LEFT JOIN pg_roles r ON r.rolname = $1 || t.id
		WHERE ` + schema.KeepsData + `
	), part AS (
		SELECT t.id, t.nspname, t.role, c.oid, k.kind, c.relname::text AS name, k.privileges,
			k.privileges <@ ARRAY(SELECT a.privilege_type FROM aclexplode(c.relacl) a WHERE a.grantee = t.role) AS whole
		FROM tenant t JOIN pg_class c ON c.relnamespace = t.schema
		JOIN (
			SELECT unnest('{r,p,v,m,f}'::"char"[]) AS relkind, 'TABLE' AS kind, '{SELECT,INSERT,UPDATE,DELETE}'::text[] AS privileges
			UNION ALL SELECT 'S', 'SEQUENCE', '{USAGE,SELECT}'
		) k ON k.relkind = c.relkind
		UNION ALL
		SELECT t.id, t.nspname, t.role, f.oid, 'ROUTINE', replace(f.oid::regprocedure::text, quote_ident(t.nspname), ''), '{EXECUTE}',
			'{EXECUTE}' <@ ARRAY(SELECT a.privilege_type FROM aclexplode(f.proacl) a WHERE a.grantee = t.role)
		FROM tenant t JOIN pg_proc f ON f.pronamespace = t.schema
	), held AS (
		SELECT id, nspname, oid, kind, name, privilege, coalesce(CASE kind
			WHEN 'TABLE' THEN has_table_privilege(role, oid, privilege) OR privilege <> 'DELETE' AND has_any_column_privilege(role, oid, replace(privilege, 'DELETE', 'SELECT'))
			WHEN 'SEQUENCE' THEN has_sequence_privilege(role, oid, privilege)
			ELSE has_function_privilege(role, oid, privilege) END, false) AS holds
		FROM part CROSS JOIN unnest(privileges) privilege
		WHERE (kind, name) IN (SELECT kind, name FROM part WHERE NOT whole)
	), nothing AS (
		SELECT id FROM held WHERE kind = 'TABLE' AND id NOT IN (SELECT id FROM part WHERE kind = 'TABLE' AND whole)
		GROUP BY id HAVING NOT bool_or(holds)
	), usual AS (
		SELECT kind, name, privilege, count(*) FILTER (WHERE holds) * 2 >= count(*) AS granted
		FROM held WHERE id NOT IN (SELECT id FROM nothing) GROUP BY 1, 2, 3
	), lacking AS (
		SELECT id, granted, privilege || ' ON ' || kind || ' ' || CASE kind WHEN 'ROUTINE' THEN oid::regprocedure::text ELSE format('%I.%I', nspname, name) END AS thing
		FROM held JOIN usual USING (kind, name, privilege) WHERE NOT holds
	), thing AS (
		SELECT id, coalesce(array_agg(thing ORDER BY thing) FILTER (WHERE granted), '{}') AS things,
			coalesce(array_agg(thing ORDER BY thing) FILTER (WHERE NOT granted), '{}') AS denied
		FROM lacking GROUP BY id
	)
	SELECT t.id AS tenant, t.gate, t.role IS NULL AS role,
		t.role IS NULL OR NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.member WHERE m.roleid = t.role AND g.rolname = $2 || t.gate) AS membership,
		t.role IS NULL OR NOT has_schema_privilege(t.role, t.schema, 'USAGE')
			OR (SELECT count(DISTINCT d.defaclobjtype) FROM pg_default_acl d, aclexplode(d.defaclacl) a 
				WHERE d.defaclnamespace = t.schema AND d.defaclrole = CURRENT_USER::regrole AND a.grantee = t.role) < 3 AS schema,
		t.role IS NULL OR t.id IN (SELECT id FROM nothing) AS all,
		coalesce(thing.things, '{}') AS things, coalesce(thing.denied, '{}') AS denied
	FROM tenant t LEFT JOIN thing ON thing.id = t.id`

// ReadTenantLacks returns the tenants that lack something, in the order of their IDs.
func ReadTenantLacks(ctx context.Context, tx *sqlx.Tx, in installation.Installation) (lacks []TenantLack, err error) {
	if !in.Roles {
		return nil, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT * FROM (`+findTenantLacks+`) found WHERE role OR membership OR schema OR "all" OR things <> '{}' ORDER BY tenant`,
		in.TenantPrefix(), in.GatePrefix())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var l TenantLack
		if err := rows.Scan(&l.Tenant, &l.Gate, &l.Role, &l.Membership, &l.Schema, &l.All, pq.Array(&l.Things), pq.Array(&l.Denied)); err != nil {
			return nil, err
		}
		lacks = append(lacks, l)
	}
	return lacks, rows.Err()
}
