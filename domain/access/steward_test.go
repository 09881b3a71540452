package access_test

import (
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// joined gives the identity the role in the tenant.
func (in installation) joined(t *testing.T, id string, identity domain.Identity, role domain.Role) {
	t.Helper()
	grant := ports.MemberGrant{Tenant: tenantID(id), Member: identity, Role: role}
	if _, err := in.db.Members().Grant(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
}

func (in installation) change(t *testing.T, id string, action domain.TenantAction) {
	t.Helper()
	change := ports.TenantChange{Tenant: tenantID(id), By: domain.OperatorActor(), TenantChange: domain.TenantChange{Action: action, Reason: "test"}}
	if _, err := in.db.Lifecycle().Change(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func TestAnOwnerIsAStewardWhateverTheStatus(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme", ada)
	in.joined(t, "acme", eve, domain.RoleAdmin)
	if _, err := in.AdmitSteward(t.Context(), eve, tenantID("acme")); !errors.Is(err, domain.Forbidden) {
		t.Errorf("an admin of an active tenant: %v", err)
	}
	if reader, err := in.AdmitReader(t.Context(), eve, tenantID("acme")); err != nil || reader.Role() != domain.RoleAdmin || reader.Steward() {
		t.Errorf("an admin reads an active tenant: %+v, %v", reader, err)
	}
	for _, action := range []domain.TenantAction{domain.ResumeTenant, domain.SuspendTenant, domain.DeleteTenant} {
		in.change(t, "acme", action)
		steward, err := in.AdmitSteward(t.Context(), ada, tenantID("acme"))
		if err != nil || steward.Tenant() != tenantID("acme") || steward.Actor() != domain.UserActor(ada) || steward.Require() != nil {
			t.Errorf("after %s: %+v, %v", action, steward, err)
		}
		if reader := steward.Reader(); reader.Tenant() != tenantID("acme") || reader.Role() != domain.RoleOwner || !reader.Steward() {
			t.Errorf("after %s: %+v", action, reader)
		}
	}
	for _, id := range []string{"acme", "unknown"} {
		if steward, err := in.AdmitSteward(t.Context(), eve, tenantID(id)); !errors.Is(err, domain.CodeTenantNotFound) || !steward.IsZero() {
			t.Errorf("an admin of the deleted tenant, at %s: %+v, %v", id, steward, err)
		}
		if reader, err := in.AdmitReader(t.Context(), eve, tenantID(id)); !errors.Is(err, domain.CodeTenantNotFound) || !reader.IsZero() {
			t.Errorf("an admin of the deleted tenant reads %s: %+v, %v", id, reader, err)
		}
	}
}

func TestTheOperatorIsAStewardOfEachTenant(t *testing.T) {
	steward, err := access.Installation().Steward(tenantID("acme"))
	if err != nil || steward.Tenant() != tenantID("acme") || steward.Actor() != domain.OperatorActor() || steward.Reader().Role() != "" || !steward.Reader().Steward() {
		t.Errorf("got %+v, %v", steward, err)
	}
	if _, err := (access.Operator{}).Steward(tenantID("acme")); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Operator: %v", err)
	}
	if _, err := access.Installation().Steward(domain.TenantID{}); !errors.Is(err, domain.Invalid) {
		t.Errorf("the zero TenantID: %v", err)
	}
	var zero access.Steward
	if !errors.Is(zero.Require(), domain.Forbidden) || !zero.Actor().IsZero() || !zero.Reader().IsZero() || zero.Reader().Steward() {
		t.Error("the zero Steward proves something")
	}
}
