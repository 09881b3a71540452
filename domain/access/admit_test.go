package access_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

var (
	ada = domain.Must(domain.NewIdentity("test", "ada"))
	eve = domain.Must(domain.NewIdentity("test", "eve"))
)

func tenantID(s string) domain.TenantID { return domain.Must(domain.ParseTenantID(s)) }

// installation has the use cases of access on memory.
type installation struct {
	*access.Service
	db *memory.DB
}

func newInstallation() installation {
	db := &memory.DB{}
	return installation{&access.Service{Members: db.Members(), Workers: db.Workers()}, db}
}

// create creates a tenant that the identity owns.
func (in installation) create(t *testing.T, id string, owner domain.Identity) {
	t.Helper()
	if _, err := in.db.Tenants().Create(t.Context(), ports.TenantCreation{ID: tenantID(id), Owner: owner}); err != nil {
		t.Fatal(err)
	}
}

func (in installation) suspend(t *testing.T, id string) {
	t.Helper()
	if err := in.db.SetStatus(tenantID(id), domain.Suspended); err != nil {
		t.Fatal(err)
	}
}

func TestAMemberIsAdmittedToTheirTenantOnly(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme", ada)
	in.create(t, "evil", eve)
	in.create(t, "paused", ada)
	in.suspend(t, "paused")

	member, err := in.Admit(t.Context(), ada, tenantID("acme"))
	if err != nil || member.Tenant() != tenantID("acme") || member.Identity() != ada || member.Role() != domain.RoleOwner {
		t.Fatalf("Admit = %+v, %v", member, err)
	}
	var answers []string
	for _, id := range []string{"unknown", "evil", "paused"} {
		member, err := in.Admit(t.Context(), ada, tenantID(id))
		if !errors.Is(err, domain.CodeTenantNotFound) || !member.IsZero() {
			t.Errorf("Admit to %s = %+v, %v", id, member, err)
			continue
		}
		answers = append(answers, err.Error())
	}
	if slices.Sort(answers); len(slices.Compact(answers)) != 1 {
		t.Errorf("unknown, foreign and suspended tenants can be told apart: %q", answers)
	}
}

func TestAnIdentityWithOneTenantNeedsNoHeader(t *testing.T) {
	in := newInstallation()
	if _, err := in.AdmitSole(t.Context(), ada); !errors.Is(err, domain.CodeTenantRequired) {
		t.Errorf("with no tenant: %v", err)
	}
	in.create(t, "acme", ada)
	if member, err := in.AdmitSole(t.Context(), ada); err != nil || member.Tenant() != tenantID("acme") {
		t.Errorf("with one tenant: %v, %v", member, err)
	}
	in.create(t, "bolt", ada)
	if _, err := in.AdmitSole(t.Context(), ada); !errors.Is(err, domain.CodeTenantRequired) {
		t.Errorf("with two tenants: %v", err)
	}
	in.suspend(t, "acme")
	if member, err := in.AdmitSole(t.Context(), ada); err != nil || member.Tenant() != tenantID("bolt") {
		t.Errorf("with one that is not suspended: %v, %v", member, err)
	}
}

func TestAMemberHasThePermissionsOfTheProduct(t *testing.T) {
	in := newInstallation()
	in.Permissions = domain.Must(domain.NewPermissions(map[domain.Permission][]domain.Role{"send invoices": {domain.RoleOwner, domain.RoleMember}}))
	in.create(t, "acme", ada)
	for role, want := range map[domain.Role]bool{domain.RoleMember: true, domain.RoleAdmin: false} {
		domain.Must(in.db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: tenantID("acme"), Member: eve, Role: role}))
		sole, err := in.AdmitSole(t.Context(), eve)
		if err != nil {
			t.Fatal(err)
		}
		for _, member := range []access.Member{domain.Must(in.Admit(t.Context(), eve, tenantID("acme"))), sole} {
			err := member.Require("send invoices")
			if (err == nil) != want || err != nil && domain.KindOf(err) != domain.Forbidden || member.May("send invoices") != want {
				t.Errorf("%s sends invoices: %v", role, err)
			}
			if member.May("close the books") || member.May(domain.ManageTenant) || !member.May(domain.WriteFiles) {
				t.Errorf("%s has other permissions than its own", role)
			}
		}
	}
}

func TestTheZeroMemberMayDoNothing(t *testing.T) {
	for _, p := range []domain.Permission{domain.ReadFiles, domain.WriteFiles, domain.ManageMembers, domain.ManageTenant} {
		if err := (access.Member{}).Require(p); domain.KindOf(err) != domain.Forbidden {
			t.Errorf("the zero Member may %s: %v", p, err)
		}
	}
}
