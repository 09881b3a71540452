package setup_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

func TestSetup(t *testing.T) {
	t.Parallel()
	t.Run("the first makes all, the second nothing", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		first := pgtest.SetUp(t, cfg)
		for _, part := range []string{"made the database " + cfg.Database, "made the schema partywall", "system/0001_registry.sql", "_system", "_gate_0", "a role of its own"} {
			if !strings.Contains(first, part) {
				t.Errorf("the report lacks %q:\n%s", part, first)
			}
		}
		if second := pgtest.SetUp(t, cfg); second != "" {
			t.Errorf("the second did:\n%s", second)
		}
		_ = pgtest.Reopen(t, cfg)
	})
	t.Run("a database that it made is closed to PUBLIC", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		pgtest.SetUp(t, cfg)
		if pgtest.Query[bool](t, pgtest.Superuser(t, cfg), `SELECT has_database_privilege('public', current_database(), 'TEMP')
			OR has_database_privilege('public', current_database(), 'CREATE') OR has_schema_privilege('public', 'public', 'CREATE')`) {
			t.Error("it isn't")
		}
	})
	t.Run("setup prints the statement for a database that it did not create", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		maintenance := cfg
		maintenance.Database = "postgres"
		pgtest.Execute(t, pgtest.Superuser(t, maintenance), `CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User)
		if report := pgtest.SetUp(t, cfg); !strings.Contains(report, `REVOKE TEMP, CREATE ON DATABASE "`+cfg.Database+`" FROM PUBLIC`) {
			t.Errorf("it said:\n%s", report)
		}
		pgtest.Execute(t, pgtest.Superuser(t, cfg), `REVOKE TEMP, CREATE ON DATABASE `+cfg.Database+` FROM PUBLIC`)
		if report := pgtest.SetUp(t, cfg); report != "" {
			t.Errorf("it said:\n%s", report)
		}
	})
	t.Run("a database in another encoding is refused", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		pgtest.Maintain(t, cfg, `CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User+` ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
		err := postgres.Setup(t.Context(), cfg, func(string) {})
		pgtest.MustBe(t, err, postgres.CodeNotSetUp)
		pgtest.MustSay(t, err, "LATIN1", "ENCODING 'UTF8'")
	})
	t.Run("the logins may connect to a database that PUBLIC may not connect to", func(t *testing.T) {
		cfg := pgtest.NewConfig(t, pgtest.WithNotes)
		pgtest.Maintain(t, cfg, `CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User)
		pgtest.Maintain(t, cfg, `REVOKE ALL ON DATABASE `+cfg.Database+` FROM PUBLIC`)
		pgtest.SetUp(t, cfg)
		db := pgtest.Reopen(t, cfg)
		pgtest.Note(t, db, pgtest.MakeTenant(t, db, "acme"), "let in")
		if report := pgtest.SetUp(t, cfg); report != "" {
			t.Errorf("the second did:\n%s", report)
		}
		pgtest.MustFind(t, cfg, "database-logins", doctor.OK, "")
	})
	t.Run("setup grants its logins CONNECT again after it was revoked from PUBLIC", func(t *testing.T) {
		_, cfg := pgtest.Open(t)
		pgtest.Maintain(t, cfg, `REVOKE ALL ON DATABASE `+cfg.Database+` FROM PUBLIC`)
		_ = pgtest.Reopen(t, cfg)
	})
	t.Run("setup prints the statement where the owner of the database must grant", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		pgtest.Maintain(t, cfg, `CREATE DATABASE `+cfg.Database)
		pgtest.Maintain(t, cfg, `REVOKE ALL ON DATABASE `+cfg.Database+` FROM PUBLIC; GRANT CONNECT, CREATE ON DATABASE `+cfg.Database+` TO `+cfg.User)
		err := postgres.Setup(t.Context(), cfg, func(string) {})
		pgtest.MustBe(t, err, postgres.CodeRightsLacking)
		pgtest.MustSay(t, err, "GRANT CONNECT ON DATABASE")
	})
	t.Run("an extension that no tenant can use is moved by the statement that setup prints", func(t *testing.T) {
		_, cfg := pgtest.Open(t)
		pgtest.Execute(t, pgtest.Superuser(t, cfg), `CREATE EXTENSION citext SCHEMA public`)
		report := pgtest.SetUp(t, cfg)
		pgtest.MustFind(t, cfg, "database-extensions", doctor.Warning, `ALTER EXTENSION "citext"`)
		_, sql, _ := strings.Cut(report, "needs it there: ")
		pgtest.Execute(t, pgtest.Superuser(t, cfg), sql)
		if report := pgtest.SetUp(t, cfg); report != "" {
			t.Errorf("then it said:\n%s", report)
		}
	})
	t.Run("a schema of ours that another user made first is refused", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		pgtest.Maintain(t, cfg, `CREATE DATABASE `+cfg.Database+` OWNER `+cfg.User)
		pgtest.Execute(t, pgtest.Superuser(t, cfg), `CREATE SCHEMA ext`)
		err := postgres.Setup(t.Context(), cfg, func(string) {})
		pgtest.MustBe(t, err, postgres.CodeRightsLacking)
		pgtest.MustSay(t, err, `"ext"`, "belongs to postgres")
	})
	t.Run("setup names the rights that it needs in a database of another owner", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		maintenance := cfg
		maintenance.Database = "postgres"
		pgtest.Execute(t, pgtest.Superuser(t, maintenance), `CREATE DATABASE `+cfg.Database)
		err := postgres.Setup(t.Context(), cfg, func(string) {})
		pgtest.MustBe(t, err, postgres.CodeRightsLacking)
		pgtest.MustSay(t, err, `OWNER TO "`+cfg.User+`"`)
	})
	t.Run("several at once succeed, and one makes each thing", func(t *testing.T) {
		cfg := pgtest.NewConfig(t, pgtest.WithNotes)
		var lock sync.Mutex
		made := map[string]int{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				err := postgres.Setup(t.Context(), cfg, func(line string) {
					lock.Lock()
					defer lock.Unlock()
					made[line]++
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for line, times := range made {
			if strings.HasPrefix(line, "made the") && times != 1 {
				t.Errorf("%d times: %s", times, line)
			}
		}
		_ = pgtest.Reopen(t, cfg)
	})
	t.Run("an extension of a shared migration serves every tenant, but not its files", func(t *testing.T) {
		db, _ := pgtest.Open(t, func(cfg *postgres.Config) {
			cfg.SharedMigrations = fstest.MapFS{"0001_plans.sql": {Data: []byte(`
				CREATE EXTENSION IF NOT EXISTS citext SCHEMA ext;
				CREATE TABLE shared.plans (name citext PRIMARY KEY);
				INSERT INTO plans VALUES ('Pro');
				GRANT SELECT ON shared.plans TO PUBLIC;`)}}
		})
		acme := pgtest.MakeTenant(t, db, "acme")
		err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
			if n := pgtest.Query[int](t, tx, `SELECT count(*) FROM shared.plans WHERE name = 'PRO'`); n != 1 {
				t.Errorf("found %d", n)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("tenants that are behind are brought to the newest version", func(t *testing.T) {
		db, cfg := pgtest.Open(t)
		acme := pgtest.MakeTenant(t, db, "acme")
		pgtest.WithNotes(&cfg)
		_, err := postgres.Open(t.Context(), cfg)
		pgtest.MustBe(t, err, postgres.CodeBehind)
		pgtest.MustSay(t, err, "product/0001_notes.sql", "app.Setup")
		if report := pgtest.SetUp(t, cfg); !strings.Contains(report, "brought 1 of 1 tenants") {
			t.Errorf("it said:\n%s", report)
		}
		pgtest.Note(t, pgtest.Reopen(t, cfg), acme, "at last")
	})
	t.Run("a migration that fails stops setup before a tenant has it, and the next setup goes on", func(t *testing.T) {
		db, cfg := pgtest.Open(t)
		pgtest.MakeTenant(t, db, "acme")
		pgtest.MakeTenant(t, db, "rival")
		cfg.TenantMigrations = fstest.MapFS{"0001_bad.sql": {Data: []byte("CREATE TABLE notes (id int);\nSELECT * FROM nowhere;\n")}}
		err := postgres.Setup(t.Context(), cfg, func(string) {})
		pgtest.MustBe(t, err, postgres.CodeMigrationFailed)
		pgtest.MustSay(t, err, "product/0001_bad.sql", "nowhere", "(line 2)")
		pgtest.MakeTenant(t, db, "nothing-was-published")
		pgtest.WithNotes(&cfg)
		if report := pgtest.SetUp(t, cfg); !strings.Contains(report, "brought 3 of 3 tenants") {
			t.Errorf("it said:\n%s", report)
		}
	})
}

func TestSetupRights(t *testing.T) {
	t.Parallel()
	// limited makes a user with these rights.
	limited := func(t *testing.T, rights string) func(*postgres.Config) {
		return func(cfg *postgres.Config) {
			maintenance := *cfg
			maintenance.Database = "postgres"
			cfg.User, cfg.Password = "user_of_"+cfg.Database, domain.NewSecret("secret")
			pgtest.Execute(t, pgtest.Superuser(t, maintenance), `CREATE ROLE `+cfg.User+` LOGIN PASSWORD 'secret' `+rights)
		}
	}
	t.Run("a user who may create no roles gets none, for good", func(t *testing.T) {
		cfg := pgtest.NewConfig(t, limited(t, "CREATEDB"))
		if report := pgtest.SetUp(t, cfg); !strings.Contains(report, "tenants get no roles, since "+cfg.User+" may create none") {
			t.Errorf("it said:\n%s", report)
		}
		db := pgtest.Reopen(t, cfg)
		pgtest.MakeTenant(t, db, "acme")
		pgtest.Execute(t, pgtest.Superuser(t, cfg), `ALTER ROLE `+cfg.User+` CREATEROLE`)
		if report := pgtest.SetUp(t, cfg); report != "" {
			t.Errorf("it said:\n%s", report)
		}
		cfg.Roles = postgres.RolesOn
		_, err := postgres.Open(t.Context(), cfg)
		pgtest.MustBe(t, err, postgres.CodeRolesMismatch)
	})
	t.Run("with TENANT_ROLES=on the error names what the user lacks", func(t *testing.T) {
		cfg := pgtest.NewConfig(t, limited(t, "CREATEDB"))
		cfg.Roles = postgres.RolesOn
		err := postgres.Setup(t.Context(), cfg, func(string) {})
		pgtest.MustBe(t, err, postgres.CodeRightsLacking)
		pgtest.MustSay(t, err, "ALTER ROLE "+cfg.User+" CREATEROLE")
	})
	t.Run("without the right to create a database the error names what to run", func(t *testing.T) {
		cfg := pgtest.NewConfig(t, limited(t, "CREATEROLE"))
		err := postgres.Setup(t.Context(), cfg, func(string) {})
		pgtest.MustBe(t, err, postgres.CodeRightsLacking)
		pgtest.MustSay(t, err, pg.Fill("CREATE DATABASE {database} OWNER {user}", map[string]string{"database": cfg.Database, "user": cfg.User}))
	})
	t.Run("a user that doesn't inherit serves all the same", func(t *testing.T) {
		db, cfg := pgtest.Open(t, limited(t, "CREATEDB CREATEROLE NOINHERIT"))
		pgtest.ExpireTenant(t, db, cfg)
	})
	t.Run("a superuser serves all the same", func(t *testing.T) {
		db, cfg := pgtest.Open(t, func(cfg *postgres.Config) { cfg.User, cfg.Password = "postgres", pgtest.Server(t).SuperuserPassword })
		pgtest.ExpireTenant(t, db, cfg)
	})
	t.Run("roles stay on", func(t *testing.T) {
		_, cfg := pgtest.Open(t)
		cfg.Roles = postgres.RolesOff
		_, err := postgres.Open(t.Context(), cfg)
		pgtest.MustBe(t, err, postgres.CodeRolesMismatch)
		pgtest.MustBe(t, postgres.Setup(t.Context(), cfg, func(string) {}), postgres.CodeRolesMismatch)
	})
}

func TestMigrationFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files fstest.MapFS
		says  string
	}{
		"number zero":           {fstest.MapFS{"0000_a.sql": {}}, "product/0000_a.sql: its number is not between 1 and"},
		"a number too large":    {fstest.MapFS{"9223372036854775808_a.sql": {}}, "its number is not between 1 and 9223372036854775807"},
		"a control character":   {fstest.MapFS{"0001_a\t.sql": {}}, "a name looks like"},
		"goose's environment":   {fstest.MapFS{"0001_a.sql": {Data: []byte("-- +goose Up\n-- +goose ENVSUB ON\n")}}, "product/0001_a.sql: line 2: goose's ENVSUB"},
		"a migration in Go":     {fstest.MapFS{"0001_a.sql": {}, "0002_b.go": {}}, "product/0002_b.go: a migration in Go"},
		"ways down alone":       {fstest.MapFS{"0001_a.down.sql": {}}, "no .sql file"},
		"a number twice":        {fstest.MapFS{"0001_a.sql": {}, "1_b.sql": {}}, "have the same number"},
		"a name without one":    {fstest.MapFS{"notes.sql": {}}, "a name looks like"},
		"no text":               {fstest.MapFS{"0001_a.sql": {Data: []byte("SELECT 1\x00")}}, "isn't UTF-8 text"},
		"UTF-16":                {fstest.MapFS{"0001_a.sql": {Data: []byte("\xff\xfeS\x00E\x00")}}, "isn't UTF-8 text"},
		"a byte order mark":     {fstest.MapFS{"0001_a.sql": {Data: []byte("\xef\xbb\xbfSELECT 1")}}, "without BOM"},
		"an ending in capitals": {fstest.MapFS{"0001_a.sql": {}, "0002_b.SQL": {}}, "0002_b.SQL: a name looks like"},
		"files a folder down":   {fstest.MapFS{"migrations/0001_a.sql": {}}, "fs.Sub"},
	} {
		t.Run(name+" is named", func(t *testing.T) {
			cfg := postgres.Config{User: "u", Database: "d", TenantMigrations: c.files}
			_, err := postgres.Open(t.Context(), cfg)
			pgtest.MustBe(t, err, postgres.CodeMigrationFailed)
			pgtest.MustSay(t, err, c.says)
		})
	}
}

func TestNoPlainPasswords(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	inst := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`)
	for _, role := range []string{"pw_" + inst + "_system", "pw_" + inst + "_gate_0"} {
		stored := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT rolpassword FROM pg_authid WHERE rolname = $1`, role)
		if !strings.HasPrefix(stored, "SCRAM-SHA-256$4096:") {
			t.Errorf("%s is stored as %s", role, stored)
		}
		if err := pgtest.Login(t, cfg, role, pg.DerivedPassword(cfg.Password, role)).PingContext(t.Context()); err != nil {
			t.Errorf("%s can't log in: %v", role, err)
		}
		if err := pgtest.Login(t, cfg, role, cfg.Password).PingContext(t.Context()); pq.As(err, "28P01") == nil {
			t.Errorf("%s with another's password: %v", role, err)
		}
	}
}
