package inspection

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// Lack is something that Config.User may not do and setup or a later sweep needs.
type Lack struct {
	What      string // for the operator
	Statement string // what a superuser runs, connected to the database
	Later     bool   // tenants are served and made without it
}

// SuperuserLine returns what a superuser runs for all lacks.
func SuperuserLine(lacks []Lack) string {
	all := make([]string, len(lacks))
	for i, l := range lacks {
		all[i] = l.Statement
	}
	return strings.Join(all, "; ")
}

// Reasons describes all lacks, for the operator.
func Reasons(lacks []Lack) string {
	all := make([]string, len(lacks))
	for i, l := range lacks {
		all[i] = l.What
	}
	return strings.Join(all, "; ")
}

// FindLacks lists what Config.User lacks, in the order in which it is to be granted.
// in has no name where there is no installation yet.
func FindLacks(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, in installation.Installation) (lacks []Lack, err error) {
	for _, find := range []func(context.Context, *sqlx.Tx, pg.Config, installation.Installation) ([]Lack, error){
		lacksInDatabase, lacksOnNodes, lacksOwnership, lacksLogins, LacksTenantRoles,
	} {
		found, err := find(ctx, tx, cfg, in)
		if err != nil {
			return nil, err
		}
		lacks = append(lacks, found...)
	}
	return lacks, nil
}

func lacksInDatabase(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, in installation.Installation) (lacks []Lack, err error) {
	var may struct{ Roles, Create bool }
	err = tx.GetContext(ctx, &may, `
		SELECT r.rolcreaterole OR r.rolsuper AS roles, has_database_privilege(CURRENT_USER, d.oid, 'CREATE') AS create
		FROM pg_roles r, pg_database d WHERE r.rolname = CURRENT_USER AND d.datname = current_database()`)
	names := map[string]string{"user": cfg.User, "database": cfg.Database}
	if err == nil && !may.Create {
		lacks = append(lacks, Lack{cfg.User + " may not make schemas in the database", pg.Fill(`ALTER DATABASE {database} OWNER TO {user}`, names), false})
	}
	if err == nil && !may.Roles && (in.Roles || cfg.Roles == pg.RolesOn) {
		lacks = append(lacks, Lack{cfg.User + " may not make the tenants' roles", pg.Fill(`ALTER ROLE {user} CREATEROLE`, names), false})
	}
	return lacks, err
}

// lacksOwnership finds what belongs to another user, as after a change of DB_USER
// or a restore that left the owners out. REASSIGN OWNED would hand over the other
// databases of that user, too, so each thing is altered by itself.
func lacksOwnership(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, in installation.Installation) (lacks []Lack, err error) {
	var owners []string
	err = tx.SelectContext(ctx, &owners, `
		WITH schema AS (SELECT oid, nspowner FROM pg_namespace WHERE `+pg.IsOurSchema+`)
		SELECT r.rolname FROM pg_roles r
		WHERE NOT pg_has_role(CURRENT_USER, r.oid, 'USAGE') AND NOT starts_with(r.rolname, $1) AND (
			EXISTS (SELECT FROM schema WHERE nspowner = r.oid)
			OR EXISTS (SELECT FROM pg_class c JOIN schema s ON s.oid = c.relnamespace WHERE c.relowner = r.oid
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')))
		ORDER BY 1`, in.Prefix())
	if err != nil || len(owners) == 0 {
		return nil, err
	}
	return []Lack{{"schemas or tables belong to " + pg.FirstFew(owners), strings.ReplaceAll(reassignEach, "{user}", pq.QuoteLiteral(cfg.User)), false}}, nil
}

// reassignEach gives all that isn't an extension's in our schemas to a user.
const reassignEach = `DO $$ DECLARE thing text; BEGIN SET LOCAL search_path = pg_catalog; FOR thing IN ` +
	`SELECT format('SCHEMA %I', nspname) FROM pg_namespace WHERE ` + pg.IsOurSchema + ` ` +
	`UNION ALL SELECT format('%s %I.%I', CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, nspname, relname) ` +
	`FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') ` +
	`AND ` + pg.IsOurSchema + ` ` +
	`AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND classid = 'pg_class'::regclass AND deptype IN ('e', 'i', 'a') AND refclassid <> 'pg_type'::regclass) ` +
	`UNION ALL SELECT format('ROUTINE %s', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace ` +
	`WHERE ` + pg.IsOurSchema + ` AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND classid = 'pg_proc'::regclass AND deptype = 'e') ` +
	`UNION ALL SELECT format('TYPE %s', t.oid::regtype) FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace ` +
	`WHERE ` + pg.IsOurSchema + ` AND typtype IN ('e', 'd', 'r') AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = t.oid AND classid = 'pg_type'::regclass AND deptype IN ('e', 'i')) ` +
	`LOOP EXECUTE format('ALTER %s OWNER TO %I', thing, {user}); END LOOP; END $$`

// lacksLogins finds the logins and makers over which Config.User has no ADMIN. From
// PostgreSQL 16 on only that lets it set their passwords or become them.
func lacksLogins(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, in installation.Installation) (lacks []Lack, err error) {
	if !in.Roles || in.Version < 160000 {
		return nil, nil
	}
	for _, kind := range []struct{ what, names, options string }{
		{"alter", `r.rolcanlogin`, "SET FALSE"},
		{"become", `starts_with(r.rolname, $2)`, "SET TRUE"},
	} {
		var names []string
		err := tx.SelectContext(ctx, &names, `
			SELECT r.rolname FROM pg_roles r
			WHERE starts_with(r.rolname, $1) AND NOT starts_with(r.rolname, $3) AND `+kind.names+` AND $2 <> ''
			AND NOT pg_has_role(CURRENT_USER, r.oid, 'MEMBER WITH ADMIN OPTION') ORDER BY 1`, in.Prefix(), in.MakerPrefix(), in.TenantPrefix())
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			continue
		}
		lacks = append(lacks, Lack{
			fmt.Sprintf("%s may not %s %s", cfg.User, kind.what, pg.FirstFew(names)),
			"GRANT " + pg.QuoteAll(names) + pg.Fill(" TO {user} WITH ADMIN TRUE, INHERIT FALSE, ", map[string]string{"user": cfg.User}) + kind.options, false,
		})
	}
	return lacks, nil
}

// unmanaged is true of a role r over which neither a maker, whose prefix is $2, nor
// the user $3 has ADMIN.
const unmanaged = `NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles k ON k.oid = m.member ` +
	`WHERE m.roleid = r.oid AND m.admin_option AND (starts_with(k.rolname, $2) OR k.rolname = $3))`

// LacksTenantRoles finds the roles that neither a maker nor Config.User may drop or
// grant: those of an installation that came from PostgreSQL 15, or from another
// DB_USER.
func LacksTenantRoles(ctx context.Context, tx *sqlx.Tx, cfg pg.Config, in installation.Installation) ([]Lack, error) {
	if !in.Roles || in.Version < 160000 {
		return nil, nil
	}
	var found struct{ Roles, Makers int }
	err := tx.GetContext(ctx, &found, `
		SELECT count(*) AS roles, (SELECT count(*) FROM pg_roles WHERE starts_with(rolname, $2)) AS makers
		FROM pg_roles r WHERE starts_with(r.rolname, $1) AND `+unmanaged+`
		AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER)`, in.TenantPrefix(), in.MakerPrefix(), cfg.User)
	if err != nil || found.Roles == 0 || found.Makers == 0 {
		return nil, err
	}
	fill := strings.NewReplacer(
		"{unmanaged}", unmanaged, "{each}", strconv.Itoa(installation.RolesOfMaker), "{makers}", strconv.Itoa(found.Makers),
		"$2", pq.QuoteLiteral(in.MakerPrefix()), "$3", pq.QuoteLiteral(cfg.User), "{tenants}", pq.QuoteLiteral(in.TenantPrefix()))
	return []Lack{{
		What:      fmt.Sprintf("no role of ours may drop or grant the roles of %d tenants", found.Roles),
		Statement: fill.Replace(fill.Replace(adopt)),
		Later:     true,
	}}, nil
}

// adopt gives the makers ADMIN on the roles that nothing of ours manages.
const adopt = `DO $$ DECLARE given record; BEGIN SET LOCAL search_path = pg_catalog; ` +
	`FOR given IN SELECT rolname, $2 || ((row_number() OVER (ORDER BY rolname) - 1) / {each}) % {makers} AS maker FROM pg_roles r WHERE starts_with(rolname, {tenants}) AND {unmanaged} ` +
	`LOOP EXECUTE format('GRANT %I TO %I WITH ADMIN TRUE, INHERIT FALSE, SET FALSE', given.rolname, given.maker); END LOOP; END $$`
