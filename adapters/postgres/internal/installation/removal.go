package installation

import (
	"context"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// DropSchema drops a tenant's schema, with all that is in it, and its role.
func (in Installation) DropSchema(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	if err := dropSchema(ctx, tx, id); err != nil || !in.Roles {
		return err
	}
	return in.dropRole(ctx, tx, id)
}

func dropSchema(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	_, err := tx.ExecContext(ctx, pg.Fill(`DROP SCHEMA {schema} CASCADE`, map[string]string{"schema": pg.SchemaOf(id)}))
	return err
}

// dropRole drops a tenant's role. What the role owns outside the schema, as a large
// object, would keep it: the role itself drops that.
func (in Installation) dropRole(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	maker, err := in.becomeTenant(ctx, tx, id)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, pg.Fill(`
		DROP OWNED BY {role} CASCADE;
		SET LOCAL ROLE {maker};
		DROP ROLE {role};
		SET LOCAL ROLE NONE`, map[string]string{"role": in.TenantRole(id), "maker": maker}))
	return err
}

// How much one call of [Installation.RemovePart] drops. Every dropped thing is locked
// until the transaction ends, and the server has room for some thousand locks.
const (
	objectsAtOnce = 1000 // large objects
	thingsAtOnce  = 50   // tables, with their indexes, sequences and constraints
)

// RemovePart removes a part of what a tenant has in the database: its large objects, what
// is in its schema, the schema, and its role. It reports false once nothing was left.
func (in Installation) RemovePart(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (removed bool, err error) {
	for _, part := range []func(context.Context, *sqlx.Tx, domain.TenantID) (bool, error){
		in.removeLargeObjects, removeThings, removeSchema, in.removeRole,
	} {
		if removed, err := part(ctx, tx, id); removed || err != nil {
			return removed, err
		}
	}
	return false, nil
}

// HasTenant reports whether a tenant has a schema or a role.
func (in Installation) HasTenant(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (has bool, err error) {
	err = tx.GetContext(ctx, &has, `
		SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) OR $3 AND EXISTS (SELECT FROM pg_roles WHERE rolname = $2)`,
		pg.SchemaOf(id), in.TenantRole(id), in.Roles)
	return has, err
}

// removeLargeObjects removes large objects of the tenant's role.
func (in Installation) removeLargeObjects(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (removed bool, err error) {
	err = tx.GetContext(ctx, &removed, `
		SELECT $2 AND EXISTS (SELECT FROM pg_largeobject_metadata l JOIN pg_roles r ON r.oid = l.lomowner WHERE r.rolname = $1)`, in.TenantRole(id), in.Roles)
	if err != nil || !removed {
		return false, err
	}
	if _, err := in.becomeTenant(ctx, tx, id); err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `
		SELECT lo_unlink(l.oid) FROM (
			SELECT o.oid FROM pg_largeobject_metadata o JOIN pg_roles r ON r.oid = o.lomowner WHERE r.rolname = $1 LIMIT $2
		) l`, in.TenantRole(id), objectsAtOnce); err != nil {
		return false, err
	}
	_, err = tx.ExecContext(ctx, `SET LOCAL ROLE NONE`)
	return true, err
}

// thingsOf are statements that drop what is in the schema $1, in an order in which one
// drops few others: views first, and tables after their partitions and children. What
// belongs to an extension goes with the schema.
var thingsOf = `
	SELECT format('DROP %s IF EXISTS %I.%I CASCADE', k.word, $1::text, c.relname)
	FROM (
		SELECT oid, relkind, relname FROM ` + pg.ObjectsOfSchema("pg_class") + ` r UNION ALL
		SELECT r.oid, r.relkind, r.relname FROM ` + pg.ObjectsOfSchema("pg_type") + ` t JOIN pg_class r ON r.oid = t.typrelid AND r.relkind = 'c'
	) c
	JOIN (VALUES ('v'::"char", 1, 'VIEW'), ('m', 1, 'MATERIALIZED VIEW'), ('r', 2, 'TABLE'), ('p', 2, 'TABLE'), ('f', 2, 'FOREIGN TABLE'), ('S', 3, 'SEQUENCE'), ('c', 3, 'TYPE'))
		AS k (kind, place, word) ON k.kind = c.relkind
	WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	ORDER BY k.place, EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid), c.oid LIMIT $2`

// routinesOf is thingsOf for functions, procedures and aggregates.
var routinesOf = `
	SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure)
	FROM ` + pg.ObjectsOfSchema("pg_proc") + ` p
	WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
	ORDER BY p.oid LIMIT $2`

func removeThings(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (removed bool, err error) {
	for _, things := range []string{thingsOf, routinesOf} {
		var statements []string
		if err := tx.SelectContext(ctx, &statements, things, pg.SchemaOf(id), thingsAtOnce); err != nil {
			return false, err
		}
		if len(statements) > 0 {
			_, err := tx.ExecContext(ctx, strings.Join(statements, ";\n"))
			return true, err
		}
	}
	return false, nil
}

func removeSchema(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (removed bool, err error) {
	if err := tx.GetContext(ctx, &removed, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, pg.SchemaOf(id)); err != nil || !removed {
		return false, err
	}
	return true, dropSchema(ctx, tx, id)
}

func (in Installation) removeRole(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (removed bool, err error) {
	err = tx.GetContext(ctx, &removed, `SELECT $2 AND EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, in.TenantRole(id), in.Roles)
	if err != nil || !removed {
		return false, err
	}
	return true, in.dropRole(ctx, tx, id)
}
