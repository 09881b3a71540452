package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// TestTheMigrationStatusNamesATenantWithoutASchema has one whose ledger is complete, and
// one that is behind as well.
func TestTheMigrationStatusNamesATenantWithoutASchema(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	for _, id := range []string{"acme", "bolt", "crux"} {
		pgtest.MakeTenant(t, db, id)
	}
	super := pgtest.Superuser(t, cfg)
	pgtest.Execute(t, super, `DROP SCHEMA tenant_crux CASCADE`)
	pgtest.Execute(t, super, `DROP SCHEMA tenant_bolt CASCADE`)
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET version = 0 WHERE id = 'bolt'`)
	pgtest.Execute(t, super, `DELETE FROM partywall.migrations WHERE tenant = 'bolt' AND set = 'product'`)
	status, err := postgres.Migrations(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, behind := range status.Behind {
		names = append(names, behind.ID.String())
		if !strings.Contains(behind.Failure, "its schema is missing") {
			t.Errorf("the status says of %s: %q", behind.ID, behind.Failure)
		}
	}
	if _, err := db.Tenants().Probe(t.Context(), domain.Must(domain.ParseTenantID("crux"))); !errors.Is(err, domain.CodeTenantUpgrading) || !strings.Contains(err.Error(), "tenant_crux is missing") {
		t.Errorf("a tenant without its schema is answered %v", err)
	}
	report := ""
	err = postgres.Setup(t.Context(), cfg, func(line string) { report += line + "\n" })
	pgtest.MustBe(t, err, postgres.CodeSetupIncomplete) // bolt lacks a migration
	if !strings.Contains(report, "tenants without a schema, which setup does not make anew: bolt, crux: restore each") {
		t.Errorf("setup reports %q", report)
	}
	if got := strings.Join(names, " "); got != "bolt crux" || status.Tenants != 3 {
		t.Errorf("of %d tenants it names %q", status.Tenants, got)
	}
}
