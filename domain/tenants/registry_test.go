package tenants_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
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
	for _, limit := range []int{-1, domain.MaxPage + 1} {
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

func TestASearchRefusesWhatNoTenantHas(t *testing.T) {
	h := newInstallation()
	h.owned(t, "acme", h.caller("ada@example.com"))
	if found, err := h.Search(t.Context(), access.Installation(), ports.TenantQuery{Text: "CM"}, domain.TenantID{}, 10); err != nil || len(found.Tenants) != 1 || !found.Next.IsZero() {
		t.Errorf("found %v, %v", found, err)
	}
	for field, query := range map[string]ports.TenantQuery{"status": {Status: "lost"}, "q": {Text: "a\xff"}} {
		_, err := h.Search(t.Context(), access.Installation(), query, domain.TenantID{}, 10)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field {
			t.Errorf("%+v: %v", query, err)
		}
	}
	for _, text := range []string{"a\x00", "a\nb", strings.Repeat("a", 801)} {
		if _, err := h.Search(t.Context(), access.Installation(), ports.TenantQuery{Text: text}, domain.TenantID{}, 10); !errors.Is(err, domain.Invalid) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
}
