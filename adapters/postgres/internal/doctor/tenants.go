package doctor

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/ports/doctor"
)

func (c *checker) setup(ctx context.Context) (doctor.Finding, error) {
	var in installation.Installation
	var recorded pg.Product
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if in, err = installation.Read(ctx, tx); err != nil {
			return err
		}
		recorded, err = inspection.ReadProduct(ctx, tx)
		return err
	})
	if err != nil {
		if _, inspected := inspection.Inspect(ctx, c.db, c.cfg, c.sets); inspected != nil {
			err = inspected
		}
		return doctor.Fail(pg.Describe(err), c.setItUp()), nil
	}
	c.in, c.setUp = in, true
	if err := inspection.Agree(c.cfg, in); err != nil {
		return doctor.Fail(pg.Describe(err), "change the variable that is named"), nil
	}
	if err := c.cfg.MayProvision(recorded); err != nil {
		return doctor.Fail(pg.Describe(err), "run this command of the product's program"), nil
	}
	return doctor.Pass("the installation is " + in.Name), nil
}

// copies looks from both sides: from the copy, which must not be set up as it is,
// and from the original.
func (c *checker) copies(ctx context.Context) (doctor.Finding, error) {
	var o inspection.Origin
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		o, err = inspection.ReadOrigin(ctx, tx, c.in)
		return err
	})
	switch {
	case pg.SQLState(err) == pqerror.UndefinedColumn: // database-migrations says what to do
		return doctor.Pass("the installation is of an older release"), nil
	case err != nil:
		return doctor.Finding{}, err
	case o.IsCopy():
		c.isCopy = true
		return doctor.Fail(pg.Describe(o.Refuse(c.cfg, c.in)), c.cfg.SetUpCopy()), nil
	case len(o.Others) > 0:
		return doctor.Warn(o.Sharing(), o.EndSharing(c.cfg)), nil
	}
	return doctor.Pass("no other database uses the installation's roles"), nil
}

func (c *checker) logins(ctx context.Context) (doctor.Finding, error) {
	names := []string{c.cfg.User}
	if c.in.Roles {
		names = append(append(names, c.in.SystemRole()), c.in.GateRoles()...)
		if c.cfg.SharedSize() > 0 {
			names = append(names, c.in.SharedRole())
		}
	}
	changing := false
	for _, name := range names {
		err := c.asLogin(name, func(as *checker) error { return as.db.PingContext(ctx) })
		if err != nil {
			return doctor.Fail(pg.Describe(pg.LoginError(ctx, c.cfg, name, err)), c.setItUp()), nil
		}
		hasOld := len(c.cfg.PasswordsOf(name)) > 1
		if hasOld && !c.letsIn(ctx, c.cfg.WithoutOld(), name) {
			return doctor.Warn(name+" gets in with the secret before the change only (DB_GATE_SECRET_OLD or DB_PASSWORD_OLD)", c.setItUp()+", once every process has both secrets"), nil
		}
		changing = changing || hasOld
	}
	switch {
	case changing:
		return doctor.Pass("the logins get in with the new secrets: DB_GATE_SECRET_OLD and DB_PASSWORD_OLD can be removed once every process has the new ones"), nil
	case !c.in.Roles:
		return c.withoutLogins(), nil
	}
	return doctor.Pass("the logins get in"), nil
}

// letsIn reports whether the database lets login in by the configuration.
func (c *checker) letsIn(ctx context.Context, cfg pg.Config, login string) bool {
	db := pg.Connect(cfg, login)
	defer func() { _ = db.Close() }()
	return db.PingContext(ctx) == nil
}

// asLogin runs fn as one of our logins, or as the only user where there are none.
func (c *checker) asLogin(name string, fn func(as *checker) error) error {
	if !c.in.Roles {
		name = c.cfg.User
	}
	db := pg.Connect(c.cfg, name)
	defer func() { _ = db.Close() }()
	as := *c
	as.db = db
	return fn(&as)
}

func (c *checker) tenantSchemas(ctx context.Context) (doctor.Finding, error) {
	rows, schemas, err := c.unmatched(ctx, `
		SELECT t.id AS tenant, n.nspname::text AS thing
		FROM partywall.tenants t FULL JOIN (SELECT nspname FROM pg_namespace WHERE `+pg.IsTenantSchema+`) n ON n.nspname::text = `+pg.SchemaOfRow+`
		WHERE t.id IS NULL OR n.nspname IS NULL AND `+schema.KeepsData+` ORDER BY 1, 2`)
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case len(rows) > 0:
		return doctor.Fail("tenants without a schema: "+pg.FirstFew(rows), `restore each from a backup, as docs/production.md says under "One tenant"`), nil
	case len(schemas) > 0:
		return doctor.Warn("schemas without a tenant: "+pg.FirstFew(schemas), "restore the tenants' rows in partywall.tenants, or, once it is certain that no program needs them: "+pg.Fill("DROP SCHEMA {schema} CASCADE", map[string]string{"schema": schemas[0]})), nil
	}
	return doctor.Pass("schemas and tenants agree"), nil
}

// unmatched returns the tenants without a thing, and the things without a tenant.
func (c *checker) unmatched(ctx context.Context, query string) (tenants, things []string, err error) {
	var found []struct{ Tenant, Thing *string }
	if err := c.readAll(ctx, &found, query); err != nil {
		return nil, nil, err
	}
	for _, f := range found {
		if f.Tenant != nil {
			tenants = append(tenants, *f.Tenant)
		} else {
			things = append(things, *f.Thing)
		}
	}
	return tenants, things, nil
}

func (c *checker) tenantRoles(ctx context.Context) (doctor.Finding, error) {
	if !c.in.Roles {
		return doctor.Warn("tenants have no roles: the search path is the only wall", "set another database up with TENANT_ROLES=on and a DB_USER that may CREATEROLE, and move the data there"), nil
	}
	rows, roles, err := c.unmatched(ctx, fmt.Sprintf(`
		SELECT t.id AS tenant, r.rolname::text AS thing
		FROM partywall.tenants t FULL JOIN (
			SELECT r.rolname FROM pg_roles r JOIN partywall.tenants o ON r.rolname::text = 'pw_%[1]s_t_' || o.id
			JOIN pg_auth_members m ON m.roleid = r.oid JOIN pg_roles g ON g.oid = m.member AND g.rolname = '%[2]s' || o.gate
			UNION
			SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE 'pw\_%[1]s\_t\_%%' AND NOT EXISTS (SELECT FROM partywall.tenants o WHERE r.rolname::text = 'pw_%[1]s_t_' || o.id)
		) r ON r.rolname::text = 'pw_%[1]s_t_' || t.id
		WHERE t.id IS NULL OR r.rolname IS NULL AND %[3]s AND NOT %[4]s ORDER BY 1, 2`, c.in.Name, c.in.GatePrefix(), schema.KeepsData, schema.LacksSchema))
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case len(rows) > 0:
		return doctor.Fail("tenants without a role that their gate may become: "+pg.FirstFew(rows), c.setItUp()+", which makes and grants it anew"), nil
	case len(roles) > 0:
		return doctor.Warn("roles without a tenant: "+pg.FirstFew(roles), pg.Fill("DROP OWNED BY {role}; DROP ROLE {role}, as a superuser", map[string]string{"role": roles[0]})), nil
	}
	return doctor.Pass("roles and tenants agree"), nil
}

func (c *checker) tenantGrants(ctx context.Context) (doctor.Finding, error) {
	var lacks []inspection.TenantLack
	err := pg.InScope(ctx, c.db, c.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		lacks, err = inspection.ReadTenantLacks(ctx, tx, c.in)
		return err
	})
	if err != nil {
		return doctor.Finding{}, err
	}
	var found []string
	for _, l := range lacks {
		if !l.Role && !l.Membership { // tenant-roles says that
			found = append(found, l.String())
		}
	}
	if len(found) > 0 {
		return doctor.Fail(pg.FirstFew(found), c.setItUp()+", which grants it anew"), nil
	}
	return doctor.Pass("tenants' roles use what is in their schemas"), nil
}

func (c *checker) tenantRoleRights(ctx context.Context) (doctor.Finding, error) {
	if !c.in.Roles {
		return doctor.Pass("tenants have no roles"), nil
	}
	found, err := c.excess(ctx,
		fmt.Sprintf(powers, isTenant), fmt.Sprintf(belongings, isTenant), fmt.Sprintf(databaseGrants, isTenant),
		`SELECT r.rolname || ' may log in' FROM role r WHERE `+isTenant+` AND r.rolcanlogin AND NOT `+strconv.FormatBool(c.in.Citus),
		`SELECT r.rolname || ' is a member of ' || g.rolname FROM role r JOIN pg_auth_members m ON m.member = r.oid JOIN role g ON g.oid = m.roleid WHERE `+isTenant,
		`SELECT g.rolname || ' may become ' || r.rolname FROM role r JOIN pg_auth_members m ON m.roleid = r.oid JOIN role g ON g.oid = m.member
			WHERE `+isTenant+` AND g.rolname <> current_user AND NOT starts_with(g.rolname, '{gates}') AND NOT starts_with(g.rolname, 'pw_{inst}_maker_')`,
		`SELECT r.rolname || ' may ' || a.privilege || ' ' || a.thing FROM role r JOIN acl a ON a.grantee = r.oid
			WHERE `+isTenant+` AND a.schema NOT IN ('shared', 'ext', 'public')
			AND (a.schema <> '`+pg.TenantSchemaPrefix+`' || substr(r.rolname, length('pw_{inst}_t_') + 1) OR a.privilege IN ('CREATE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'))`,
	)
	if err != nil {
		return doctor.Finding{}, err
	}
	if len(found) > 0 {
		return doctor.Fail(pg.FirstFew(found), "take it away as a superuser, with REVOKE, REASSIGN OWNED BY the role TO "+c.cfg.User+", or ALTER ROLE; then find out who gave it"), nil
	}
	return doctor.Pass("tenants' roles use their own schemas only"), nil
}
