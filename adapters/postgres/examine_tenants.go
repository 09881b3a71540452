package postgres

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports/doctor"
)

func (e *examination) setup(ctx context.Context) (doctor.Finding, error) {
	var in installation.Installation
	var recorded pg.Product
	err := pg.InScope(ctx, e.db, e.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if in, err = installation.Read(ctx, tx); err != nil {
			return err
		}
		recorded, err = inspection.ReadProduct(ctx, tx)
		return err
	})
	if err != nil {
		if _, inspected := inspection.Inspect(ctx, e.db, e.cfg, e.sets); inspected != nil {
			err = inspected
		}
		return doctor.Fail(pg.Describe(err), e.setItUp()), nil
	}
	e.in, e.setUp = in, true
	if err := inspection.Agree(e.cfg, in); err != nil {
		return doctor.Fail(pg.Describe(err), "change the variable that is named"), nil
	}
	if err := e.cfg.MayProvision(recorded); err != nil {
		return doctor.Fail(pg.Describe(err), "run this command of the product's program"), nil
	}
	return doctor.Pass("the installation is " + in.Name), nil
}

// copies looks from both sides: from the copy, which must not be set up as it is,
// and from the original.
func (e *examination) copies(ctx context.Context) (doctor.Finding, error) {
	var o inspection.Origin
	err := pg.InScope(ctx, e.db, e.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		o, err = inspection.ReadOrigin(ctx, tx, e.in)
		return err
	})
	switch {
	case pg.SQLState(err) == pqerror.UndefinedColumn: // database-migrations says what to do
		return doctor.Pass("the installation is of an older release"), nil
	case err != nil:
		return doctor.Finding{}, err
	case o.IsCopy():
		e.isCopy = true
		return doctor.Fail(pg.Describe(o.Refuse(e.cfg, e.in)), e.cfg.SetUpCopy()), nil
	case len(o.Others) > 0:
		return doctor.Warn(o.Sharing(), o.EndSharing(e.cfg)), nil
	}
	return doctor.Pass("no other database uses the installation's roles"), nil
}

func (e *examination) logins(ctx context.Context) (doctor.Finding, error) {
	names := []string{e.cfg.User}
	if e.in.Roles {
		names = append(names, e.in.SystemRole(), e.in.GateRole())
		if e.cfg.SharedSize() > 0 {
			names = append(names, e.in.SharedRole())
		}
	}
	changing := false
	for _, name := range names {
		err := e.asLogin(name, func(as *examination) error { return as.db.PingContext(ctx) })
		if err != nil {
			return doctor.Fail(pg.Describe(pg.LoginError(ctx, e.cfg, name, err)), e.setItUp()), nil
		}
		hasOld := len(e.cfg.PasswordsOf(name)) > 1
		if hasOld && !e.letsIn(ctx, e.cfg.WithoutOld(), name) {
			return doctor.Warn(name+" gets in with the secret before the change only (DB_GATE_SECRET_OLD or DB_PASSWORD_OLD)", e.setItUp()+", once every process has both secrets"), nil
		}
		changing = changing || hasOld
	}
	switch {
	case changing:
		return doctor.Pass("the logins get in with the new secrets: DB_GATE_SECRET_OLD and DB_PASSWORD_OLD can be removed once every process has the new ones"), nil
	case !e.in.Roles:
		return doctor.Pass("there are no logins of ours: all runs as " + e.cfg.User), nil
	}
	return doctor.Pass("the logins get in"), nil
}

// letsIn reports whether the database lets login in by the configuration.
func (e *examination) letsIn(ctx context.Context, cfg pg.Config, login string) bool {
	db := pg.Connect(cfg, login)
	defer func() { _ = db.Close() }()
	return db.PingContext(ctx) == nil
}

// asLogin runs fn as one of our logins, or as the only user where there are none.
func (e *examination) asLogin(name string, fn func(as *examination) error) error {
	if !e.in.Roles {
		name = e.cfg.User
	}
	db := pg.Connect(e.cfg, name)
	defer func() { _ = db.Close() }()
	as := *e
	as.db = db
	return fn(&as)
}

func (e *examination) tenantSchemas(ctx context.Context) (doctor.Finding, error) {
	rows, schemas, err := e.unmatched(ctx, `
		SELECT t.id AS tenant, n.nspname::text AS thing
		FROM partywall.tenants t FULL JOIN (SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenant\_%') n ON n.nspname::text = 'tenant_' || t.id
		WHERE t.id IS NULL OR n.nspname IS NULL ORDER BY 1, 2`)
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case len(rows) > 0:
		return doctor.Fail("tenants without a schema: "+pg.FirstFew(rows), `restore each from a backup, as docs/production.md says under "One tenant"`), nil
	case len(schemas) > 0:
		return doctor.Warn("schemas without a tenant: "+pg.FirstFew(schemas), "restore the tenants' rows in partywall.tenants, or, once it's certain that nobody needs them: "+pg.Fill("DROP SCHEMA {schema} CASCADE", map[string]string{"schema": schemas[0]})), nil
	}
	return doctor.Pass("schemas and tenants agree"), nil
}

// unmatched returns the tenants without a thing, and the things without a tenant.
func (e *examination) unmatched(ctx context.Context, query string) (tenants, things []string, err error) {
	var found []struct{ Tenant, Thing *string }
	if err := e.readAll(ctx, &found, query); err != nil {
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

func (e *examination) tenantRoles(ctx context.Context) (doctor.Finding, error) {
	if !e.in.Roles {
		return doctor.Warn("tenants have no roles: the search path is the only wall", "set another database up with TENANT_ROLES=on and a DB_USER that may CREATEROLE, and move the data there"), nil
	}
	rows, roles, err := e.unmatched(ctx, fmt.Sprintf(`
		SELECT t.id AS tenant, r.rolname::text AS thing
		FROM partywall.tenants t FULL JOIN (
			SELECT r.rolname FROM pg_roles r
			JOIN pg_auth_members m ON m.roleid = r.oid JOIN pg_roles g ON g.oid = m.member AND g.rolname = '%[2]s'
			WHERE r.rolname LIKE 'pw\_%[1]s\_t\_%%'
			UNION
			SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE 'pw\_%[1]s\_t\_%%' AND NOT EXISTS (SELECT FROM partywall.tenants o WHERE r.rolname::text = 'pw_%[1]s_t_' || o.id)
		) r ON r.rolname::text = 'pw_%[1]s_t_' || t.id
		WHERE t.id IS NULL OR r.rolname IS NULL ORDER BY 1, 2`, e.in.Name, e.in.GateRole()))
	switch {
	case err != nil:
		return doctor.Finding{}, err
	case len(rows) > 0:
		return doctor.Fail("tenants without a role that the gate may become: "+pg.FirstFew(rows), e.setItUp()+", which makes and grants it anew"), nil
	case len(roles) > 0:
		return doctor.Warn("roles without a tenant: "+pg.FirstFew(roles), pg.Fill("DROP OWNED BY {role}; DROP ROLE {role}, as a superuser", map[string]string{"role": roles[0]})), nil
	}
	return doctor.Pass("roles and tenants agree"), nil
}

func (e *examination) tenantGrants(ctx context.Context) (doctor.Finding, error) {
	var lacks []inspection.TenantLack
	err := pg.InScope(ctx, e.db, e.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		lacks, err = inspection.ReadTenantLacks(ctx, tx, e.in)
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
		return doctor.Fail(pg.FirstFew(found), e.setItUp()+", which grants it anew"), nil
	}
	return doctor.Pass("tenants' roles use what is in their schemas"), nil
}

func (e *examination) tenantRoleRights(ctx context.Context) (doctor.Finding, error) {
	if !e.in.Roles {
		return doctor.Pass("tenants have no roles"), nil
	}
	found, err := e.excess(ctx,
		fmt.Sprintf(powers, isTenant), fmt.Sprintf(belongings, isTenant), fmt.Sprintf(databaseGrants, isTenant),
		`SELECT r.rolname || ' may log in' FROM role r WHERE `+isTenant+` AND r.rolcanlogin`,
		`SELECT r.rolname || ' is a member of ' || g.rolname FROM role r JOIN pg_auth_members m ON m.member = r.oid JOIN role g ON g.oid = m.roleid WHERE `+isTenant,
		`SELECT g.rolname || ' may become ' || r.rolname FROM role r JOIN pg_auth_members m ON m.roleid = r.oid JOIN role g ON g.oid = m.member
			WHERE `+isTenant+` AND g.rolname NOT IN ('{gate}', current_user) AND NOT starts_with(g.rolname, 'pw_{inst}_maker_')`,
		`SELECT r.rolname || ' may ' || a.privilege || ' ' || a.thing FROM role r JOIN acl a ON a.grantee = r.oid
			WHERE `+isTenant+` AND a.schema NOT IN ('shared', 'ext', 'public')
			AND (a.schema <> 'tenant_' || substr(r.rolname, length('pw_{inst}_t_') + 1) OR a.privilege IN ('CREATE', 'TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN'))`,
	)
	if err != nil {
		return doctor.Finding{}, err
	}
	if len(found) > 0 {
		return doctor.Fail(pg.FirstFew(found), "take it away as a superuser, with REVOKE, REASSIGN OWNED BY the role TO "+e.cfg.User+", or ALTER ROLE; then find out who gave it"), nil
	}
	return doctor.Pass("tenants' roles use their own schemas only"), nil
}
