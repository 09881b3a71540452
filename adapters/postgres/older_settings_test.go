package postgres_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TestOlderSettingsKeepNoMemberOut has settings that a body may no longer have.
func TestOlderSettingsKeepNoMemberOut(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	ada, acme := domain.Must(domain.NewIdentity("test", "ada")), domain.Must(domain.ParseTenantID("acme"))
	if _, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: acme, Owner: ada}); err != nil {
		t.Fatal(err)
	}
	const older = `{"theme":"dark","theme":"light"}`
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `UPDATE partywall.tenants SET settings = '`+older+`'`)
	found, err := db.MembersWithSettings().Find(t.Context(), ada, acme)
	if err != nil || found.Settings.String() != older {
		t.Errorf("a member is admitted with %s, %v", found.Settings, err)
	}
	all, err := db.MembersWithSettings().Memberships(t.Context(), ada, 10)
	if err != nil || len(all) != 1 || all[0].Settings.String() != older {
		t.Errorf("the memberships are %+v, %v", all, err)
	}
	if details, err := db.Lifecycle().Details(t.Context(), acme); err != nil || details.Settings.String() != older {
		t.Errorf("the tenant has %s, %v", details.Settings, err)
	}
}
