package tenants_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestOperatorKeys(t *testing.T) {
	first, second := strings.Repeat("a", 32), strings.Repeat("b", 40)
	keys, err := tenants.ParseOperatorKeys(domain.NewSecret(first + ", " + second))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]bool{first: true, second: true, "": false, first + ",": false, first + "," + second: false, first[:31]: false} {
		if _, ok := keys.Prove(domain.NewSecret(token)); ok != want {
			t.Errorf("Prove(%q) = %v", token, ok)
		}
	}
	for _, s := range []string{"short", first + ",", first + "," + second + "," + first} {
		if _, err := tenants.ParseOperatorKeys(domain.NewSecret(s)); domain.KindOf(err) != domain.Invalid {
			t.Errorf("ParseOperatorKeys(%q) = %v", s, err)
		}
	}
	none, err := tenants.ParseOperatorKeys(domain.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := none.Prove(domain.Secret{}); ok {
		t.Error("no key proves somebody without a token")
	}
}

func TestOnlyTheOperatorListsTenants(t *testing.T) {
	h := newHouse()
	for _, id := range []string{"bolt", "acme", "cord"} {
		h.anyone(t, id)
	}
	if _, err := h.List(t.Context(), tenants.Operator{}, domain.TenantID{}, 10); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("anybody lists tenants: %v", err)
	}
	found, err := h.List(t.Context(), h.Installation(), tenantID("acme"), 10)
	if err != nil || len(found) != 2 || found[0].ID != tenantID("bolt") || found[1].ID != tenantID("cord") {
		t.Errorf("List = %v, %v", found, err)
	}
	for _, limit := range []int{0, -1, 201} {
		if _, err := h.List(t.Context(), h.Installation(), domain.TenantID{}, limit); domain.KindOf(err) != domain.Invalid {
			t.Errorf("a page of %d: %v", limit, err)
		}
	}
}
