package setup_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// TestSetupPassesOverATenantThatIsBeingPurged has a tenant whose schema is gone already.
func TestSetupPassesOverATenantThatIsBeingPurged(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	pgtest.MakeTenant(t, db, "ending")
	pgtest.MakeTenant(t, db, "whole")
	super := pgtest.Superuser(t, cfg)
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET status = 'purging' WHERE id = 'ending'`)
	pgtest.Execute(t, super, `DROP SCHEMA tenant_ending CASCADE`)
	pgtest.WithNotes(&cfg)
	if report := pgtest.SetUp(t, cfg); strings.Contains(report, "ending") {
		t.Errorf("setup reports\n%s", report)
	}
	status, err := postgres.Migrations(t.Context(), cfg)
	if err != nil || len(status.Behind) != 0 || status.Tenants != 1 {
		t.Errorf("the status is %+v, %v", status, err)
	}
}
