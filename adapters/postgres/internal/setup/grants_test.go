package setup_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
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
			db, cfg := pgtest.Open(t, pgtest.WithNotes)
			acme := pgtest.MakeTenant(t, db, "acme")
			pgtest.MakeTenant(t, db, "rival")
			inst := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT inst FROM partywall.installation`)
			pgtest.Execute(t, pgtest.Superuser(t, cfg), strings.NewReplacer("{role}", "pw_"+inst+"_t_acme", "{gate}", "pw_"+inst+"_gate_0", "{maker}", "pw_"+inst+"_maker_0").Replace(taken))
			if err := db.InTenant(t.Context(), acme, pgtest.InsertNote("lost")); err == nil && name != "a sequence" { // an identity column needs none
				t.Error("it lacks nothing")
			}
			if report := pgtest.SetUp(t, cfg); !strings.Contains(report, "granted anew what was lacking: acme") || strings.Contains(report, "rival") {
				t.Errorf("setup did:\n%s", report)
			}
			pgtest.Note(t, db, acme, "back")
			if report := pgtest.SetUp(t, cfg); report != "" {
				t.Errorf("the next setup did:\n%s", report)
			}
			pgtest.MustFind(t, cfg, "tenant-grants", doctor.OK, "")
			expireTenant(t, db, cfg, "acme")
		})
	}
	t.Run("a right that a migration revokes from PUBLIC stays revoked", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, func(cfg *postgres.Config) {
			cfg.TenantMigrations = fstest.MapFS{"0001_ours.sql": {Data: []byte(`
				CREATE TABLE notes (text text); CREATE TABLE ours (text text);
				DO $$ BEGIN EXECUTE format('REVOKE ALL ON ours FROM %I', (SELECT grantee FROM information_schema.role_table_grants WHERE table_schema = current_schema() AND table_name = 'ours' AND grantee LIKE 'pw%' LIMIT 1)); END $$`)}}
		})
		pgtest.MakeTenant(t, db, "acme")
		pgtest.MakeTenant(t, db, "rival")
		if report := pgtest.SetUp(t, cfg); report != "" {
			t.Errorf("setup did:\n%s", report)
		}
		pgtest.MustFind(t, cfg, "tenant-grants", doctor.OK, "")
		super := pgtest.Superuser(t, cfg)
		role := "pw_" + pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`) + "_t_acme"
		for _, lost := range []string{`REVOKE ALL ON ALL TABLES IN SCHEMA tenant_acme FROM "{role}"`, `DROP OWNED BY "{role}"; DROP ROLE "{role}"`} {
			pgtest.Execute(t, super, strings.ReplaceAll(lost, "{role}", role))
			pgtest.SetUp(t, cfg)
			if !pgtest.Query[bool](t, super, `SELECT has_table_privilege($1, 'tenant_acme.notes', 'INSERT')`, role) {
				t.Errorf("after %s setup does not give back what all others have", lost)
			}
			if pgtest.Query[bool](t, super, `SELECT has_table_privilege($1, 'tenant_acme.ours', 'SELECT')`, role) {
				t.Errorf("after %s setup gives what the migration took from all", lost)
			}
			pgtest.MustFind(t, cfg, "tenant-grants", doctor.OK, "")
		}
	})
}
