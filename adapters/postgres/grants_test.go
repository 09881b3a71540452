package postgres_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/ports/doctor"
)

// TestSetupGrantsAnew takes from a tenant's role what it needs; a setup gives it back.
func TestSetupGrantsAnew(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]string{
		"the schema":     `REVOKE USAGE ON SCHEMA tenant_acme FROM "{role}"`,
		"one table":      `REVOKE INSERT ON tenant_acme.notes FROM "{role}"`,
		"all tables":     `REVOKE ALL ON ALL TABLES IN SCHEMA tenant_acme FROM "{role}"`,
		"a sequence":     `REVOKE ALL ON ALL SEQUENCES IN SCHEMA tenant_acme FROM "{role}"`,
		"the membership": `REVOKE "{role}" FROM "{gate}" GRANTED BY "{maker}"`,
		"the role":       `DROP OWNED BY "{role}"; DROP ROLE "{role}"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := open(t, withNotes)
			acme := makeTenant(t, db, "acme")
			makeTenant(t, db, "rival")
			inst := query[string](t, superuser(t, cfg), `SELECT inst FROM partywall.installation`)
			execute(t, superuser(t, cfg), strings.NewReplacer("{role}", "pw_"+inst+"_t_acme", "{gate}", "pw_"+inst+"_gate_0", "{maker}", "pw_"+inst+"_maker_0").Replace(taken))
			if err := db.InTenant(t.Context(), acme, insertNote("lost")); err == nil && name != "a sequence" { // an identity column needs none
				t.Error("it lacks nothing")
			}
			if report := setUp(t, cfg); !strings.Contains(report, "granted anew what was lacking: acme") || strings.Contains(report, "rival") {
				t.Errorf("setup did:\n%s", report)
			}
			note(t, db, acme, "back")
			if report := setUp(t, cfg); report != "" {
				t.Errorf("the next setup did:\n%s", report)
			}
			mustFind(t, cfg, "tenant-grants", doctor.OK, "")
			expireTenant(t, db, cfg, "acme")
		})
	}
	t.Run("what a migration takes from all stays taken", func(t *testing.T) {
		t.Parallel()
		db, cfg := open(t, func(cfg *postgres.Config) {
			cfg.TenantMigrations = fstest.MapFS{"0001_ours.sql": {Data: []byte(`
				CREATE TABLE notes (text text); CREATE TABLE ours (text text);
				DO $$ BEGIN EXECUTE format('REVOKE ALL ON ours FROM %I', (SELECT grantee FROM information_schema.role_table_grants WHERE table_schema = current_schema() AND table_name = 'ours' AND grantee LIKE 'pw%' LIMIT 1)); END $$`)}}
		})
		makeTenant(t, db, "acme")
		makeTenant(t, db, "rival")
		if report := setUp(t, cfg); report != "" {
			t.Errorf("setup did:\n%s", report)
		}
		mustFind(t, cfg, "tenant-grants", doctor.OK, "")
		super := superuser(t, cfg)
		role := "pw_" + query[string](t, super, `SELECT inst FROM partywall.installation`) + "_t_acme"
		for _, lost := range []string{`REVOKE ALL ON ALL TABLES IN SCHEMA tenant_acme FROM "{role}"`, `DROP OWNED BY "{role}"; DROP ROLE "{role}"`} {
			execute(t, super, strings.ReplaceAll(lost, "{role}", role))
			setUp(t, cfg)
			if !query[bool](t, super, `SELECT has_table_privilege($1, 'tenant_acme.notes', 'INSERT')`, role) {
				t.Errorf("after %s setup does not give back what all others have", lost)
			}
			if query[bool](t, super, `SELECT has_table_privilege($1, 'tenant_acme.ours', 'SELECT')`, role) {
				t.Errorf("after %s setup gives what the migration took from all", lost)
			}
			mustFind(t, cfg, "tenant-grants", doctor.OK, "")
		}
	})
}
