package httpapi_test

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestATenantThatIsBeingUpgraded(t *testing.T) {
	h := open(t)
	ada := h.signIn(t, "ada@example.com")
	acme := h.tenant(t, "acme", "ada@example.com")
	h.tenant(t, "bolt", "ada@example.com")
	if err := h.db.SetUpgrading(acme, true); err != nil {
		t.Fatal(err)
	}
	got := h.get(t, "/", "X-Tenant-ID: acme").isProblem(t, 503, domain.CodeTenantUpgrading, "")
	if got.header.Get("Retry-After") == "" {
		t.Errorf("it has no Retry-After: %v", got.header)
	}
	h.get(t, "/", "X-Tenant-ID: bolt").is(t, 200)
	h.get(t, "/readyz").is(t, 200)
	h.post(t, "/files/upload-url", `{"filename": "a.txt"}`, "X-Tenant-ID: acme", ada).is(t, 200) // no schema is needed
	if err := h.db.SetUpgrading(acme, false); err != nil {
		t.Fatal(err)
	}
	h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
}
