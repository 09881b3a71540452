package setup_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// on moves a configuration to another server.
func on(server *embeddedpg.Server, cfg postgres.Config) postgres.Config {
	cfg.Host, cfg.Port, cfg.User, cfg.Password = server.Host, server.Port, server.User, server.Password
	cfg.GateSecret = domain.NewSecret("kept by all users")
	return cfg
}

// advice is the SQL of a "run as a superuser" in text, or "".
func advice(text string) string {
	_, after, _ := strings.Cut(text, "run as a superuser")
	_, sql, _ := strings.Cut(after, ": ")
	return strings.TrimSuffix(strings.TrimSpace(sql), "; then partywall setup")
}

// setUpAsAdvised runs setup, and what it says a superuser must run, until it asks for
// nothing more.
func setUpAsAdvised(t *testing.T, cfg postgres.Config, super *sqlx.DB) (asked int) {
	t.Helper()
	for range 5 {
		var lines []string
		err := postgres.Setup(t.Context(), cfg, func(line string) { lines = append(lines, line) })
		said := strings.Join(lines, "\n")
		if err != nil {
			pgtest.MustBe(t, err, postgres.CodeRightsLacking)
			e, _ := errors.AsType[*domain.Error](err)
			said = e.Message
		}
		sql := advice(said)
		if sql == "" {
			if err != nil {
				t.Fatalf("it names nothing to run: %v", err)
			}
			return asked
		}
		asked++
		pgtest.Execute(t, super, sql)
	}
	t.Fatal("setup never has enough")
	return asked
}

// mustLive fails unless the tenant is served and can be removed, and another made.
func mustLive(t *testing.T, cfg postgres.Config, super *sqlx.DB, id domain.TenantID) {
	t.Helper()
	db := pgtest.Reopen(t, cfg)
	pgtest.Note(t, db, id, "served")
	pgtest.Note(t, db, pgtest.MakeTenant(t, db, "fresh"), "served, too")
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = $1`, id.String())
	if swept, err := db.Tenants().Sweep(t.Context()); swept != 1 || err != nil {
		t.Errorf("swept %d: %v", swept, err)
	}
}

// TestRightsAreNamed has setup name what a superuser must grant.
func TestRightsAreNamed(t *testing.T) {
	t.Parallel()
	servers := pgtest.BothServers(t)
	t.Run("after pg_upgrade to PostgreSQL 16 or later no role has ADMIN", func(t *testing.T) {
		t.Parallel()
		cfg := on(servers[true], pgtest.NewConfig(t, pgtest.WithNotes))
		pgtest.SetUp(t, cfg)
		db := pgtest.Reopen(t, cfg)
		acme := pgtest.MakeTenant(t, db, "acme")
		super := pgtest.Login(t, cfg, "postgres", servers[true].SuperuserPassword)
		inst := pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`)
		pgtest.Execute(t, super, `SET allow_system_table_mods = on;
			DELETE FROM pg_auth_members m USING pg_roles r WHERE r.oid = m.roleid AND r.rolname LIKE 'pw\_`+inst+`\_%' AND m.admin_option;
			RESET allow_system_table_mods`)
		pgtest.Note(t, db, acme, "still served")
		pgtest.MakeTenant(t, db, "later")
		pgtest.MustFind(t, cfg, "database-user", doctor.Error, "WITH ADMIN TRUE")
		if report := pgtest.SetUp(t, cfg); advice(report) == "" {
			t.Errorf("setup doesn't say what is lacking:\n%s", report)
		}
		if asked := setUpAsAdvised(t, cfg, super); asked != 1 {
			t.Errorf("setup asked %d times", asked)
		}
		mustLive(t, cfg, super, acme)
	})
	for name, newest := range map[string]bool{"PostgreSQL": false, "PostgreSQL 18": true} {
		t.Run("another DB_USER on "+name, func(t *testing.T) {
			t.Parallel()
			cfg := on(servers[newest], pgtest.NewConfig(t, pgtest.WithNotes, pgtest.WithPlans))
			pgtest.SetUp(t, cfg)
			db := pgtest.Reopen(t, cfg)
			acme := pgtest.MakeTenant(t, db, "acme")
			pgtest.Note(t, db, acme, "the old user's")
			_ = db.Close()
			super := pgtest.Login(t, cfg, "postgres", servers[newest].SuperuserPassword)
			old := cfg.User
			cfg.User, cfg.Password = "successor_"+cfg.Database, domain.NewSecret("secret")
			pgtest.Execute(t, super, `CREATE ROLE `+cfg.User+` LOGIN CREATEROLE PASSWORD 'secret'`)
			if asked := setUpAsAdvised(t, cfg, super); asked == 0 {
				t.Error("it lacks nothing")
			}
			pgtest.MustFind(t, cfg, "database-user", doctor.OK, "", "gate-rights")
			pgtest.MustFind(t, cfg, "gate-rights", doctor.Error, old+" may become pw_")
			maker := pgtest.Query[string](t, super, `SELECT 'pw_' || inst || '_maker_0' FROM partywall.installation`)
			pgtest.Execute(t, super, `REVOKE `+maker+` FROM `+old+` CASCADE`) // as docs/production.md says
			pgtest.MustFind(t, cfg, "gate-rights", doctor.OK, "")
			mustLive(t, cfg, super, acme)
		})
		t.Run("a restore that left the owners out on "+name, func(t *testing.T) {
			t.Parallel()
			cfg := on(servers[newest], pgtest.NewConfig(t, pgtest.WithNotes, pgtest.WithPlans))
			maintenance := cfg
			maintenance.Database = "postgres"
			cfg.User, cfg.Password = "restored_"+cfg.Database, domain.NewSecret("secret") // REASSIGN OWNED takes a user's databases, too
			pgtest.Execute(t, pgtest.Login(t, maintenance, "postgres", servers[newest].SuperuserPassword), `CREATE ROLE `+cfg.User+` LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`)
			pgtest.SetUp(t, cfg)
			db := pgtest.Reopen(t, cfg)
			acme := pgtest.MakeTenant(t, db, "acme")
			_ = db.Close()
			super := pgtest.Login(t, cfg, "postgres", servers[newest].SuperuserPassword)
			pgtest.Execute(t, super, `REASSIGN OWNED BY `+cfg.User+` TO postgres`)
			pgtest.Execute(t, super, `ALTER DATABASE `+cfg.Database+` OWNER TO `+cfg.User)
			if asked := setUpAsAdvised(t, cfg, super); asked == 0 {
				t.Error("it lacks nothing")
			}
			mustLive(t, cfg, super, acme)
		})
	}
}
