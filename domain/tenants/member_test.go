package tenants_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestAMemberIsAdmittedToTheirTenantOnly(t *testing.T) {
	h := newHouse()
	ada, eve := h.caller("ada@example.com"), h.caller("eve@example.com")
	h.owned(t, "acme", ada)
	h.owned(t, "evil", eve)
	h.owned(t, "paused", ada)
	if err := h.registry.SetStatus(tenantID("paused"), domain.Suspended); err != nil {
		t.Fatal(err)
	}

	member, err := h.Admit(t.Context(), ada.Identity, tenantID("acme"))
	if err != nil || member.Tenant() != tenantID("acme") || member.Identity() != ada.Identity || member.Role() != domain.RoleOwner {
		t.Fatalf("Admit = %+v, %v", member, err)
	}
	var answers []string
	for _, id := range []string{"unknown", "evil", "paused"} {
		member, err := h.Admit(t.Context(), ada.Identity, tenantID(id))
		if !errors.Is(err, domain.CodeTenantNotFound) || member != (tenants.Member{}) {
			t.Errorf("Admit to %s = %+v, %v", id, member, err)
		}
		answers = append(answers, err.Error())
	}
	for _, id := range []string{"unknown", "paused"} {
		_, err := h.Clock(t.Context(), tenantID(id))
		if !errors.Is(err, domain.CodeTenantNotFound) {
			t.Errorf("Clock of %s: %v", id, err)
			continue
		}
		answers = append(answers, err.Error())
	}
	if slices.Sort(answers); len(slices.Compact(answers)) != 1 {
		t.Errorf("unknown, foreign and suspended tenants can be told apart: %q", answers)
	}
}

func TestTheHeaderMayBeLeftOutByWhoHasOneTenant(t *testing.T) {
	h := newHouse()
	ada := h.caller("ada@example.com")
	if _, err := h.AdmitSole(t.Context(), ada.Identity); !errors.Is(err, domain.CodeTenantRequired) {
		t.Errorf("with no tenant: %v", err)
	}
	h.owned(t, "acme", ada)
	if member, err := h.AdmitSole(t.Context(), ada.Identity); err != nil || member.Tenant() != tenantID("acme") {
		t.Errorf("with one tenant: %v, %v", member, err)
	}
	h.owned(t, "bolt", ada)
	if _, err := h.AdmitSole(t.Context(), ada.Identity); !errors.Is(err, domain.CodeTenantRequired) {
		t.Errorf("with two tenants: %v", err)
	}
	if err := h.registry.SetStatus(tenantID("acme"), domain.Suspended); err != nil {
		t.Fatal(err)
	}
	if member, err := h.AdmitSole(t.Context(), ada.Identity); err != nil || member.Tenant() != tenantID("bolt") {
		t.Errorf("with one that isn't suspended: %v, %v", member, err)
	}
}

func TestTheZeroMemberMayDoNothing(t *testing.T) {
	for _, p := range []domain.Permission{domain.ReadFiles, domain.WriteFiles, domain.ManageMembers, domain.ManageTenant} {
		if err := (tenants.Member{}).Require(p); domain.KindOf(err) != domain.Forbidden {
			t.Errorf("the zero Member may %s: %v", p, err)
		}
	}
}
