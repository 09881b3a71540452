package setup

import (
	"context"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// resolveCopy refuses a copy, or makes it an installation of its own where the operator
// asks for that, and records which database the roles belong to.
func (s *setup) resolveCopy(ctx context.Context, tx *sqlx.Tx) error {
	o, err := inspection.ReadOrigin(ctx, tx, s.in)
	if err != nil {
		return err
	}
	switch {
	case s.newInstallation && !o.IsCopy() && len(o.Others) > 0:
		return pg.Refusal(pg.CodeCopy, nil, "the database %q is the original of %s: set DB_NAME to the copy, and %s there", s.cfg.Database, o.Names(), s.cfg.SetUpCopy())
	case s.newInstallation && o.IsCopy():
		if err := s.renew(ctx, tx); err != nil {
			return err
		}
	case s.newInstallation:
		s.did("no other database on this server uses the roles %s*: the installation keeps its name", s.in.Prefix())
	}
	if err := o.Refuse(s.cfg, s.in); err != nil && !s.newInstallation {
		return err
	}
	if o.Recorded != nil && *o.Recorded == o.Current {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE partywall.installation SET database_oid = $1::bigint::oid`, o.Current)
	return err
}

// renew names the installation anew. Its roles are made under the new name, get
// what the old ones may in this database, and the old ones lose that here; the
// original's database isn't touched.
func (s *setup) renew(ctx context.Context, tx *sqlx.Tx) error {
	old := s.in
	s.in.Name = installation.NewName()
	if _, err := tx.ExecContext(ctx, `UPDATE partywall.installation SET inst = $1`, s.in.Name); err != nil {
		return err
	}
	s.did("named the installation %s; it was %s, as the database is a copy", s.in.Name, old.Name)
	if err := s.ensureLogins(ctx, tx); err != nil {
		return err
	}
	made := 0
	for gate := range s.in.Gates {
		ids, err := pg.TenantIDs(ctx, tx, `SELECT id FROM partywall.tenants WHERE gate = $1 ORDER BY id`, gate)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.in.MakeRole(ctx, tx, id, gate); err != nil {
				return err
			}
		}
		made += len(ids)
	}
	s.did("made the roles of %d tenants", made)
	if err := s.moveGrants(ctx, tx, old); err != nil {
		return err
	}
	return s.moveObjects(ctx, tx, old)
}

// grantsOf lists each grant in this database to a role of an installation as two
// statements: one grants the same to the role of that name in another installation, the
// other revokes it from the role.
const grantsOf = `
	WITH role AS (
		SELECT old.oid, old.rolname, new.rolname AS successor FROM pg_roles old
		LEFT JOIN pg_roles new ON new.rolname = $2 || substr(old.rolname, length($1) + 1)
		WHERE starts_with(old.rolname, $1)
	), acl AS (
		SELECT '' AS altering, '' AS columns, format('SCHEMA %I', nspname) AS thing, nspacl AS items FROM pg_namespace
		UNION ALL
		SELECT '', '', format('%s %I.%I', CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, nspname, relname), relacl
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		UNION ALL
		SELECT '', format(' (%I)', attname), format('TABLE %I.%I', nspname, relname), attacl
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		UNION ALL
		SELECT '', '', format('ROUTINE %s', p.oid::regprocedure), proacl FROM pg_proc p
		UNION ALL
		SELECT '', '', format('TYPE %s', t.oid::regtype), typacl FROM pg_type t
		UNION ALL
		SELECT '', '', format('LARGE OBJECT %s', oid), lomacl FROM pg_largeobject_metadata
		UNION ALL
		SELECT '', '', format('DATABASE %I', datname), datacl FROM pg_database WHERE datname = current_database()
		UNION ALL
		SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s', pg_get_userbyid(defaclrole), 'IN SCHEMA ' || quote_ident(nspname)), '',
			CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END, defaclacl
		FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
	)
	SELECT coalesce(format('%s GRANT %s ON %s TO ', altering, string_agg(x.privilege_type || columns, ', '), thing) || quote_ident(successor)
			|| CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION; ' ELSE '; ' END, '')
		|| format('%s REVOKE ALL%s ON %s FROM %I', altering, columns, thing, rolname)
	FROM acl, aclexplode(acl.items) x JOIN role ON role.oid = x.grantee
	GROUP BY altering, columns, thing, successor, rolname, x.is_grantable`

// moveGrants gives the new roles what the old ones may in this database.
func (s *setup) moveGrants(ctx context.Context, tx *sqlx.Tx, old installation.Installation) error {
	var statements []string
	if err := tx.SelectContext(ctx, &statements, grantsOf, old.Prefix(), s.in.Prefix()); err != nil {
		return err
	}
	const atOnce = 500
	for len(statements) > 0 {
		n := min(atOnce, len(statements))
		if _, err := tx.ExecContext(ctx, strings.Join(statements[:n], ";\n")); err != nil {
			return err
		}
		statements = statements[n:]
	}
	return nil
}

// moveObjects hands over the large objects in this database: all that a tenant's
// role can own.
func (s *setup) moveObjects(ctx context.Context, tx *sqlx.Tx, old installation.Installation) error {
	var owners []string
	err := tx.SelectContext(ctx, &owners, `
		SELECT DISTINCT r.rolname FROM pg_roles r
		JOIN pg_shdepend s ON s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype = 'o'
		JOIN pg_database d ON d.oid = s.dbid AND d.datname = current_database()
		WHERE starts_with(r.rolname, $1) ORDER BY 1`, old.TenantPrefix())
	if err != nil {
		return err
	}
	for _, owner := range owners {
		if err := s.moveObjectsOf(ctx, tx, old, owner); err != nil {
			return err
		}
	}
	return nil
}

// moveObjectsOf has the old role hand over its own. For that it becomes a member of
// the new one; both memberships end with the statements.
func (s *setup) moveObjectsOf(ctx context.Context, tx *sqlx.Tx, old installation.Installation, owner string) error {
	oldMaker, err := old.MakerOf(ctx, tx, owner)
	if err != nil {
		return err
	}
	heir := s.in.TenantPrefix() + strings.TrimPrefix(owner, old.TenantPrefix())
	newMaker, err := s.in.MakerOf(ctx, tx, heir)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, pg.Fill(fmt.Sprintf(`
		SET LOCAL ROLE {newMaker};
		GRANT {heir} TO {owner}%[1]s;
		SET LOCAL ROLE {oldMaker};
		GRANT {owner} TO {oldMaker}%[2]s;
		SET LOCAL ROLE {owner};
		REASSIGN OWNED BY {owner} TO {heir};
		SET LOCAL ROLE {newMaker};
		REVOKE {heir} FROM {owner};
		SET LOCAL ROLE {oldMaker};
		REVOKE {owner} FROM {oldMaker};
		SET LOCAL ROLE NONE`, s.in.OnlyToInherit(), s.in.OnlyToBecome()),
		map[string]string{"newMaker": newMaker, "oldMaker": oldMaker, "owner": owner, "heir": heir}))
	return err
}
