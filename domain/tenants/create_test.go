package tenants_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestWhoMayCreate(t *testing.T) {
	h := newInstallation()
	signedIn := tenants.Creator{Caller: h.caller("ada@example.com")}
	operator := tenants.Creator{Operator: access.Installation()}
	const allowed = domain.Kind(-1)
	cases := []struct {
		policy                        tenants.CreationPolicy
		anonymous, signedIn, operator domain.Kind
	}{
		{"", allowed, allowed, allowed},
		{tenants.Open, allowed, allowed, allowed},
		{tenants.Authenticated, domain.Unauthenticated, allowed, allowed},
		{tenants.OperatorOnly, domain.Unauthenticated, domain.Forbidden, allowed},
	}
	n := 0
	for _, c := range cases {
		h.Policy = c.policy
		for i, by := range []tenants.Creator{{}, signedIn, operator} {
			n++
			want := []domain.Kind{c.anonymous, c.signedIn, c.operator}[i]
			_, err := h.Create(t.Context(), by, tenants.Creation{ID: tenantID("tenant-" + strings.Repeat("x", n))})
			if want == allowed && err != nil || want != allowed && domain.KindOf(err) != want {
				t.Errorf("policy %q, creator %d: %v", c.policy, i, err)
			}
		}
	}
}

func TestReservedAndBadNamesAreRefused(t *testing.T) {
	h := newInstallation()
	_, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID("admin")})
	if !errors.Is(err, domain.CodeTenantReserved) || !errors.Is(err, domain.Invalid) {
		t.Errorf("a reserved ID: %v", err)
	}
	if _, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{}); !errors.Is(err, domain.Invalid) {
		t.Errorf("no ID: %v", err)
	}
	if _, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID("acme"), Name: "a\nb"}); !errors.Is(err, domain.Invalid) {
		t.Errorf("a name of two lines: %v", err)
	}
	h.reserve(t, "acme")
	if _, err := h.Create(t.Context(), tenants.Creator{}, tenants.Creation{ID: tenantID("acme")}); !errors.Is(err, domain.CodeTenantExists) {
		t.Errorf("a taken ID: %v", err)
	}
}

func TestAnIdempotencyKeyReplaysTheFirstAnswer(t *testing.T) {
	h := newInstallation()
	ada := h.caller("ada@example.com")
	by := tenants.Creator{Caller: ada}
	creation := tenants.Creation{ID: tenantID("acme"), Name: "Acme", IdempotencyKey: "k-1"}
	first, err := h.Create(t.Context(), by, creation)
	if err != nil || first.Replayed {
		t.Fatalf("first: %+v, %v", first, err)
	}
	again, err := h.Create(t.Context(), by, creation)
	if err != nil || !again.Replayed || again.Tenant != first.Tenant {
		t.Errorf("again: %+v, %v", again, err)
	}
	if n := len(h.events(t)); n != 1 {
		t.Errorf("%d events were recorded for one tenant", n)
	}
	creation.Name = "Other"
	if _, err := h.Create(t.Context(), by, creation); !errors.Is(err, domain.CodeIdempotencyMismatch) {
		t.Errorf("another body: %v", err)
	}
	creation.Name, creation.ID = "Acme", tenantID("other")
	if _, err := h.Create(t.Context(), by, creation); !errors.Is(err, domain.CodeIdempotencyMismatch) {
		t.Errorf("another tenant: %v", err)
	}
	creation.ID = tenantID("acme")
	h.Policy = tenants.OperatorOnly
	if _, err := h.Create(t.Context(), by, creation); !errors.Is(err, domain.Forbidden) {
		t.Errorf("a replay by a caller who may no longer create: %v", err)
	}
	h.Policy = tenants.Open
	for _, key := range []string{"a b", "a\n", "é", strings.Repeat("k", 256)} {
		creation.IdempotencyKey = key
		if _, err := h.Create(t.Context(), by, creation); !errors.Is(err, domain.Invalid) {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

func TestOnlyTheOperatorActsForAnotherIdentity(t *testing.T) {
	h := newInstallation()
	ada, eve := h.caller("ada@example.com"), h.caller("eve@example.com")
	forged := tenants.Creator{Caller: eve, For: ada.Identity()}
	if _, err := h.Create(t.Context(), forged, tenants.Creation{ID: tenantID("acme")}); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("eve creates a tenant of ada's: %v", err)
	}
	created := h.reserve(t, "acme")
	if _, err := h.Claim(t.Context(), forged, tenantID("acme"), created.ClaimToken); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("eve claims a tenant for ada: %v", err)
	}
	operator := tenants.Creator{Operator: access.Installation(), For: ada.Identity()}
	if claimed, err := h.Claim(t.Context(), operator, tenantID("acme"), created.ClaimToken); err != nil || claimed.Membership.Identity != ada.Identity() {
		t.Errorf("the operator claims for ada: %+v, %v", claimed, err)
	}
	domain.Must(h.Create(t.Context(), operator, tenants.Creation{ID: tenantID("bolt")}))
	if _, err := (&access.Service{Members: h.db.Members()}).Admit(t.Context(), ada.Identity(), tenantID("bolt")); err != nil {
		t.Errorf("the operator creates for ada: %v", err)
	}
}
