package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
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
			mustBe(t, err, postgres.CodeRightsLacking)
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
		execute(t, super, sql)
	}
	t.Fatal("setup never has enough")
	return asked
}

// mustLive fails unless the tenant is served and can be removed, and another made.
func mustLive(t *testing.T, cfg postgres.Config, super *sqlx.DB, id domain.TenantID) {
	t.Helper()
	db := reopen(t, cfg)
	note(t, db, id, "served")
	note(t, db, makeTenant(t, db, "fresh"), "served, too")
	execute(t, super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = $1`, id.String())
	if swept, err := db.Tenants().Sweep(t.Context()); swept != 1 || err != nil {
		t.Errorf("swept %d: %v", swept, err)
	}
}

// TestRightsAreNamed has setup name what a superuser must grant.
func TestRightsAreNamed(t *testing.T) {
	t.Parallel()
	servers := bothServers(t)
	t.Run("after pg_upgrade to PostgreSQL 16 or later nobody has ADMIN", func(t *testing.T) {
		t.Parallel()
		cfg := on(servers[true], config(t, withNotes))
		setUp(t, cfg)
		db := reopen(t, cfg)
		acme := makeTenant(t, db, "acme")
		super := login(t, cfg, "postgres", servers[true].SuperuserPassword)
		inst := query[string](t, super, `SELECT inst FROM partywall.installation`)
		execute(t, super, `SET allow_system_table_mods = on;
			DELETE FROM pg_auth_members m USING pg_roles r WHERE r.oid = m.roleid AND r.rolname LIKE 'pw\_`+inst+`\_%' AND m.admin_option;
			RESET allow_system_table_mods`)
		note(t, db, acme, "still served")
		makeTenant(t, db, "later")
		mustFind(t, cfg, "database-user", doctor.Error, "WITH ADMIN TRUE")
		if report := setUp(t, cfg); advice(report) == "" {
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
			cfg := on(servers[newest], config(t, withNotes, withPlans))
			setUp(t, cfg)
			db := reopen(t, cfg)
			acme := makeTenant(t, db, "acme")
			note(t, db, acme, "the old user's")
			_ = db.Close()
			super := login(t, cfg, "postgres", servers[newest].SuperuserPassword)
			old := cfg.User
			cfg.User, cfg.Password = "successor_"+cfg.Database, domain.NewSecret("secret")
			execute(t, super, `CREATE ROLE `+cfg.User+` LOGIN CREATEROLE PASSWORD 'secret'`)
			if asked := setUpAsAdvised(t, cfg, super); asked == 0 {
				t.Error("it lacks nothing")
			}
			mustFind(t, cfg, "database-user", doctor.OK, "", "gate-rights")
			mustFind(t, cfg, "gate-rights", doctor.Error, old+" may become pw_")
			maker := query[string](t, super, `SELECT 'pw_' || inst || '_maker_0' FROM partywall.installation`)
			execute(t, super, `REVOKE `+maker+` FROM `+old+` CASCADE`) // as docs/production.md says
			mustFind(t, cfg, "gate-rights", doctor.OK, "")
			mustLive(t, cfg, super, acme)
		})
		t.Run("a restore that left the owners out on "+name, func(t *testing.T) {
			t.Parallel()
			cfg := on(servers[newest], config(t, withNotes, withPlans))
			maintenance := cfg
			maintenance.Database = "postgres"
			cfg.User, cfg.Password = "restored_"+cfg.Database, domain.NewSecret("secret") // REASSIGN OWNED takes a user's databases, too
			execute(t, login(t, maintenance, "postgres", servers[newest].SuperuserPassword), `CREATE ROLE `+cfg.User+` LOGIN CREATEDB CREATEROLE PASSWORD 'secret'`)
			setUp(t, cfg)
			db := reopen(t, cfg)
			acme := makeTenant(t, db, "acme")
			_ = db.Close()
			super := login(t, cfg, "postgres", servers[newest].SuperuserPassword)
			execute(t, super, `REASSIGN OWNED BY `+cfg.User+` TO postgres`)
			execute(t, super, `ALTER DATABASE `+cfg.Database+` OWNER TO `+cfg.User)
			if asked := setUpAsAdvised(t, cfg, super); asked == 0 {
				t.Error("it lacks nothing")
			}
			mustLive(t, cfg, super, acme)
		})
	}
}
