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
// no table, or is missing, shows nothing of what a product meant.
const findTenantLacks = `
	WITH tenant AS (
		SELECT t.id, n.oid AS schema, n.nspname, r.oid AS role FROM partywall.tenants t
		JOIN pg_namespace n ON n.nspname = 'tenant_' || t.id
		LEFT JOIN pg_roles r ON r.rolname = $1 || t.id
		WHERE ` + schema.KeepsData + `
	), held AS (
		SELECT t.id, 'TABLE' AS kind, c.relname::text AS name, format('%s ON TABLE %I.%I', p, t.nspname, c.relname) AS thing, p AS privilege,
			coalesce(has_table_privilege(t.role, c.oid, p) OR p <> 'DELETE' AND has_any_column_privilege(t.role, c.oid, replace(p, 'DELETE', 'SELECT')), false) AS holds
		FROM tenant t JOIN pg_class c ON c.relnamespace = t.schema AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) p
		UNION ALL
		SELECT t.id, 'SEQUENCE', c.relname, format('%s ON SEQUENCE %I.%I', p, t.nspname, c.relname), p, coalesce(has_sequence_privilege(t.role, c.oid, p), false)
		FROM tenant t JOIN pg_class c ON c.relnamespace = t.schema AND c.relkind = 'S'
		CROSS JOIN unnest('{USAGE,SELECT}'::text[]) p
		UNION ALL
		SELECT t.id, 'ROUTINE', replace(f.oid::regprocedure::text, quote_ident(t.nspname), ''), format('EXECUTE ON ROUTINE %s', f.oid::regprocedure), 'EXECUTE', coalesce(has_function_privilege(t.role, f.oid, 'EXECUTE'), false)
		FROM tenant t JOIN pg_proc f ON f.pronamespace = t.schema
	), nothing AS (
		SELECT id FROM held WHERE kind = 'TABLE' GROUP BY id HAVING NOT bool_or(holds)
	), usual AS (
		SELECT kind, name, privilege, count(*) FILTER (WHERE holds) * 2 >= count(*) AS granted
		FROM held WHERE id NOT IN (SELECT id FROM nothing) GROUP BY 1, 2, 3
	), thing AS (
		SELECT id, coalesce(array_agg(thing ORDER BY thing) FILTER (WHERE granted), '{}') AS things,
			coalesce(array_agg(thing ORDER BY thing) FILTER (WHERE NOT granted), '{}') AS denied
		FROM held JOIN usual USING (kind, name, privilege) WHERE NOT holds GROUP BY id
	)
	SELECT t.id AS tenant, t.role IS NULL AS role,
		t.role IS NULL OR NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.member WHERE m.roleid = t.role AND g.rolname = $2) AS membership,
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
		in.TenantPrefix(), in.GateRole())
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var l TenantLack
		if err := rows.Scan(&l.Tenant, &l.Role, &l.Membership, &l.Schema, &l.All, pq.Array(&l.Things), pq.Array(&l.Denied)); err != nil {
			return nil, err
		}
		lacks = append(lacks, l)
	}
	return lacks, rows.Err()
}
