package tenants_test

import (
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

func TestOnlyTheOperatorListsTenants(t *testing.T) {
	h := newInstallation()
	for _, id := range []string{"bolt", "acme", "cord"} {
		h.reserve(t, id)
	}
	if _, err := h.List(t.Context(), access.Operator{}, domain.TenantID{}, 10); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("a caller without a proof lists tenants: %v", err)
	}
	found, err := h.List(t.Context(), access.Installation(), tenantID("acme"), 10)
	if err != nil || len(found) != 2 || found[0].ID != tenantID("bolt") || found[1].ID != tenantID("cord") {
		t.Errorf("List = %v, %v", found, err)
	}
	for _, limit := range []int{0, -1, 201} {
		if _, err := h.List(t.Context(), access.Installation(), domain.TenantID{}, limit); domain.KindOf(err) != domain.Invalid {
			t.Errorf("a page of %d: %v", limit, err)
		}
	}
}

func TestTheClockOfATenantThatIsNotServedIsHidden(t *testing.T) {
	h := newInstallation()
	h.owned(t, "paused", h.caller("ada@example.com"))
	if err := h.db.SetStatus(tenantID("paused"), domain.Suspended); err != nil {
		t.Fatal(err)
	}
	_, unknown := h.Probe(t.Context(), tenantID("unknown"))
	_, suspended := h.Probe(t.Context(), tenantID("paused"))
	if !errors.Is(unknown, domain.CodeTenantNotFound) || unknown.Error() != suspended.Error() {
		t.Errorf("an unknown tenant returns %v, a suspended one %v", unknown, suspended)
	}
}
