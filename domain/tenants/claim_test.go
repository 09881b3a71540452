package tenants_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestAClaimMakesItsBearerTheOwner(t *testing.T) {
	h := newInstallation()
	ada := h.caller("ada@example.com")
	created := h.reserve(t, "acme")
	if created.Tenant.Status != domain.Unclaimed || len(created.ClaimToken.Reveal()) < 26 || !created.Tenant.ClaimExpiresAt.Equal(h.now.Add(24*time.Hour)) {
		t.Fatalf("created %+v", created)
	}
	if _, err := h.Probe(t.Context(), tenantID("acme")); err != nil {
		t.Errorf("an unclaimed tenant does not return the time: %v", err)
	}
	claimed, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, tenantID("acme"), created.ClaimToken)
	if err != nil || claimed.Membership.Role != domain.RoleOwner || claimed.Tenant.Status != domain.Active {
		t.Fatalf("claimed %+v, %v", claimed, err)
	}
	if _, err := (&access.Service{Members: h.db.Members()}).Admit(t.Context(), ada.Identity(), tenantID("acme")); err != nil {
		t.Errorf("the owner is not admitted: %v", err)
	}
	if again, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, tenantID("acme"), created.ClaimToken); err != nil || again != claimed {
		t.Errorf("the same claim by the same owner: %+v, %v", again, err)
	}
}

func TestAClaimIsRefusedInOneWay(t *testing.T) {
	h := newInstallation()
	ada, eve := h.caller("ada@example.com"), h.caller("eve@example.com")
	acme, other := h.reserve(t, "acme"), h.reserve(t, "other")
	spent := h.reserve(t, "spent")
	if _, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, spent.Tenant.ID, spent.ClaimToken); err != nil {
		t.Fatal(err)
	}
	tries := map[string]struct {
		id    string
		token domain.Secret
	}{
		"an unknown token":       {"acme", domain.NewSecret("nonsense")},
		"an empty token":         {"acme", domain.Secret{}},
		"another tenant's token": {"acme", other.ClaimToken},
		"a spent token":          {"spent", spent.ClaimToken},
		"an unknown tenant":      {"unknown", acme.ClaimToken},
	}
	want := ""
	for name, try := range tries {
		_, err := h.Claim(t.Context(), tenants.Creator{Caller: eve}, tenantID(try.id), try.token)
		if !errors.Is(err, domain.CodeClaimInvalid) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want == "" {
			want = err.Error()
		}
		if err.Error() != want {
			t.Errorf("%s can be told apart: %v", name, err)
		}
	}
	if _, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, domain.TenantID{}, acme.ClaimToken); domain.KindOf(err) != domain.Invalid || errors.Is(err, domain.CodeClaimInvalid) {
		t.Errorf("no tenant: %v", err)
	}
	if _, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, acme.Tenant.ID, acme.ClaimToken); err != nil {
		t.Errorf("a claim was spent by failed attempts: %v", err)
	}
}

func TestAClaimExpiresWithItsTenant(t *testing.T) {
	h := newInstallation()
	ada := h.caller("ada@example.com")
	created := h.reserve(t, "acme")
	h.now = h.now.Add(24*time.Hour + time.Second)
	if _, err := h.Probe(t.Context(), created.Tenant.ID); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("the tenant still exists: %v", err)
	}
	if _, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, created.Tenant.ID, created.ClaimToken); !errors.Is(err, domain.CodeClaimInvalid) {
		t.Errorf("the claim is still valid: %v", err)
	}
	if n, err := h.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	h.owned(t, "acme", ada)
}

func TestAClaimTokenMayBeCopiedWithSpaceAroundIt(t *testing.T) {
	h := newInstallation()
	acme, bolt := h.reserve(t, "acme"), h.reserve(t, "bolt")
	copied := func(token domain.Secret) domain.Secret { return domain.NewSecret(" \t" + token.Reveal() + "\r\n") }
	ada := h.caller("ada@example.com")
	if _, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, acme.Tenant.ID, copied(acme.ClaimToken)); err != nil {
		t.Error(err)
	}
	signUp := func(context.Context) (domain.Identity, error) { return ada.Identity(), nil }
	if _, err := h.ClaimBySignUp(t.Context(), limits.Address{}, copied(bolt.ClaimToken), signUp); err != nil {
		t.Error(err)
	}
}
