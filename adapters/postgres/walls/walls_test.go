package walls_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

func TestWalls(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	acme, rival := pgtest.MakeTenant(t, db, "acme"), pgtest.MakeTenant(t, db, "rival")
	pgtest.Note(t, db, acme, "acme's")
	pgtest.Note(t, db, rival, "the rival's")
	inst := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`)
	loginAs := func(t *testing.T, role string) *sqlx.DB {
		role = "pw_" + inst + "_" + role
		return pgtest.Login(t, cfg, role, pg.DerivedPassword(cfg.Password, role))
	}
	object := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT lo_from_bytea(0, 'another role''s')::text`)
	// enter stands where scoped SQL of acme's does.
	enter := fmt.Sprintf(`BEGIN; SET LOCAL ROLE "pw_%s_t_acme"; SET LOCAL search_path = "tenant_acme", ext, pg_temp; `, inst)

	t.Run("a tenant reads, writes and calls what is its own", func(t *testing.T) {
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			if got := pgtest.Query[string](t, tx, `SELECT current_user || ' ' || current_schema() || ' ' || current_setting('search_path')`); got != `pw_`+inst+`_t_acme tenant_acme "tenant_acme", ext, pg_temp` {
				t.Errorf("it is %s", got)
			}
			if got := pgtest.Query[int](t, tx, `SELECT count_notes()`); got != 1 {
				t.Errorf("it has %d notes", got)
			}
			for _, statement := range []string{`UPDATE notes SET text = 'mine'`, `DELETE FROM notes WHERE text = 'none'`, `INSERT INTO notes (text) VALUES ('two')`} {
				if _, err := tx.ExecContext(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	for name, c := range map[string]struct{ who, do string }{
		"another tenant's rows, before a tenant is entered":    {"gate_0", `SELECT * FROM tenant_rival.notes`},
		"a tenant's rows, before it is entered":                {"gate_0", `SELECT * FROM tenant_acme.notes`},
		"another tenant's rows, inside a tenant":               {"gate_0", enter + `SELECT * FROM tenant_rival.notes`},
		"another tenant's rows, after RESET ROLE":              {"gate_0", enter + `RESET ROLE; SELECT * FROM tenant_rival.notes`},
		"another tenant's rows, by an injected query":          {"gate_0", enter + `SELECT set_config('role', 'none', true), query_to_xml('SELECT * FROM tenant_rival.notes', true, true, '')`},
		"another tenant's function":                            {"gate_0", enter + `SELECT tenant_rival.count_notes()`},
		"tenants' names":                                       {"gate_0", `SELECT name FROM partywall.tenants`},
		"memberships, as the gate":                             {"gate_0", `SELECT * FROM partywall.memberships`},
		"a tenant's status, to write":                          {"gate_0", `UPDATE partywall.tenants SET status = 'active'`},
		"the registry, inside a tenant":                        {"gate_0", enter + `SELECT id FROM partywall.tenants`},
		"a temporary table, as the gate":                       {"gate_0", `CREATE TEMP TABLE notes (id int)`},
		"a temporary table, inside a tenant":                   {"gate_0", enter + `CREATE TEMP TABLE notes (id int)`},
		"a table in the tenant's own schema":                   {"gate_0", enter + `CREATE TABLE tenant_acme.more (id int)`},
		"a function in the tenant's own schema":                {"gate_0", enter + `CREATE FUNCTION tenant_acme.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'`},
		"a schema":                                             {"gate_0", enter + `CREATE SCHEMA more`},
		"a table in public":                                    {"gate_0", enter + `CREATE TABLE public.more (id int)`},
		"an extension":                                         {"gate_0", enter + `CREATE EXTENSION citext SCHEMA ext`},
		"a role":                                               {"gate_0", `CREATE ROLE more`},
		"the server's files":                                   {"gate_0", enter + `COPY notes TO PROGRAM 'true'`},
		"the system's login, from the gate":                    {"gate_0", `SET ROLE "pw_` + inst + `_system"`},
		"the owner, from the gate":                             {"gate_0", `SET ROLE ` + cfg.User},
		"a grant of the tenant's rows":                         {"gate_0", enter + `GRANT SELECT ON notes TO PUBLIC; SELECT 1/(SELECT has_table_privilege('pw_` + inst + `_system', 'tenant_acme.notes', 'SELECT'))::int`},
		"tenants' rows, as the system":                         {"system", `SELECT * FROM tenant_acme.notes`},
		"a tenant's role, as the system":                       {"system", `SET ROLE "pw_` + inst + `_t_acme"`},
		"the ledger, to write, as the system":                  {"system", `DELETE FROM partywall.migrations`},
		"what makes a tenant, to write, as the system":         {"system", `UPDATE partywall.tenant_files SET sql = 'GRANT ALL'`},
		"what setup decided, to write, as the system":          {"system", `UPDATE partywall.installation SET roles = false`},
		"a temporary table, as the system":                     {"system", `CREATE TEMP TABLE tenants (id int)`},
		"the gate's own privileges, given away":                {"gate_0", `GRANT "pw_` + inst + `_t_acme" TO "pw_` + inst + `_system"`},
		"the tenant's role, altered from inside it":            {"gate_0", enter + `ALTER ROLE "pw_` + inst + `_t_acme" LOGIN`},
		"the default privileges of the owner, changed from it": {"gate_0", enter + `ALTER DEFAULT PRIVILEGES FOR ROLE ` + cfg.User + ` GRANT ALL ON TABLES TO PUBLIC`},
		"a large object of another role's making, by its name": {"gate_0", enter + `SELECT lo_get(` + object + `)`},
		"the server's files, by way of a large object":         {"gate_0", enter + `SELECT lo_import('/etc/passwd')`},
		"tenants' rows, as the shared login":                   {"shared", `SELECT * FROM tenant_acme.notes`},
		"the registry, as the shared login":                    {"shared", `SELECT id FROM partywall.tenants`},
		"a tenant's role, as the shared login":                 {"shared", `SET ROLE "pw_` + inst + `_t_acme"`},
		"the gate, as the shared login":                        {"shared", `SET ROLE "pw_` + inst + `_gate_0"`},
		"a temporary table, as the shared login":               {"shared", `CREATE TEMP TABLE jobs (id int)`},
		"a function in shared, as the shared login":            {"shared", `CREATE FUNCTION shared.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'`},
		"a function in ext, as the shared login":               {"shared", `CREATE FUNCTION ext.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'`},
		"the shared login, from the gate":                      {"gate_0", `SET ROLE "pw_` + inst + `_shared"`},
		"the shared login, inside a tenant":                    {"gate_0", enter + `SET ROLE "pw_` + inst + `_shared"`},
	} {
		t.Run("denied: "+name, func(t *testing.T) {
			conn := loginAs(t, c.who)
			_, err := conn.ExecContext(t.Context(), c.do)
			e := pq.As(err, pqerror.InsufficientPrivilege)
			if e == nil && strings.Contains(c.do, "GRANT SELECT") {
				e = pq.As(err, pqerror.DivisionByZero) // a grant of what one has no right to give is a mere warning
			}
			if e == nil {
				t.Errorf("%s gave %v", c.do, err)
			}
		})
	}
	t.Run("the gate reads whether a tenant may be entered", func(t *testing.T) {
		conn := loginAs(t, "gate_0")
		if got := pgtest.Query[string](t, conn, `SELECT status FROM partywall.tenants WHERE id = 'acme' AND expires_at IS NULL`); got != "active" {
			t.Errorf("acme is %q", got)
		}
	})
	t.Run("no login has an attribute that it does not need", func(t *testing.T) {
		risky := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `
			SELECT count(*) FROM pg_roles WHERE rolname LIKE 'pw\_`+inst+`\_%'
			AND (rolsuper OR rolbypassrls OR (rolcreaterole AND (rolcanlogin OR rolinherit OR rolname NOT LIKE '%\_maker\_%')) OR rolcreatedb OR rolreplication OR (rolinherit AND rolcanlogin) OR (rolcanlogin <> $1 AND rolname LIKE '%\_t\_%'))`, *pgtest.OnCitus)
		if risky != 0 {
			t.Errorf("%d are", risky)
		}
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, pgtest.WithNotes, change)
			acme := pgtest.MakeTenant(t, db, "acme")
			super := pgtest.Superuser(t, cfg)
			pgtest.Execute(t, super, `CREATE TABLE public.strays (id int); GRANT ALL ON public.strays TO PUBLIC`)
			t.Run("schema public is not on the search path", func(t *testing.T) {
				err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
					_, err := tx.ExecContext(ctx, `SELECT * FROM strays`)
					return err
				})
				if pq.As(err, pqerror.UndefinedTable) == nil {
					t.Errorf("got %v", err)
				}
			})
			t.Run("a tenant whose schema was dropped never reads another tenant's", func(t *testing.T) {
				gone := pgtest.MakeTenant(t, db, "gone")
				pgtest.Execute(t, super, `DROP SCHEMA tenant_gone CASCADE`)
				if _, err := db.Tenants().Probe(t.Context(), gone); !errors.Is(err, domain.CodeTenantUpgrading) {
					t.Errorf("Probe returned %v", err)
				}
				err := db.InTenant(t.Context(), gone, pgtest.InsertNote("lost"))
				if pq.As(err, pqerror.UndefinedTable) == nil {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}
