package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func TestSignUpsWithClaimsFromOneNetworkAreLimited(t *testing.T) {
	h := open(t)
	signUp := func(t *testing.T, i int, from string) answer {
		h.clock.pass(time.Minute) // past the limits by the minute
		claim := h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": "tenant-%d"}`, i), asOperator).is(t, 201).field(t, "claimToken")
		body := fmt.Sprintf(`{"email": "u%d@acme.example", "password": "correct horse", "claimToken": %q}`, i, claim)
		return h.post(t, "/auth/signup", body, "X-Forwarded-For: "+from)
	}
	for i := range 20 {
		signUp(t, i, "192.0.2.1").is(t, 201)
	}
	got := signUp(t, 20, "192.0.2.1").isProblem(t, 429, "rate_limited", "")
	if got.header.Get("Retry-After") == "" {
		t.Error("there is no Retry-After")
	}
	h.post(t, "/auth/signin", `{"email": "u20@acme.example", "password": "correct horse"}`).isProblem(t, 401, domain.CodeInvalidCredentials, "")
	h.get(t, "/", "X-Tenant-ID: tenant-20").is(t, 200)
	signUp(t, 21, "192.0.2.2").is(t, 201)
	h.post(t, "/auth/signup", `{"email": "free@acme.example", "password": "correct horse"}`, "X-Forwarded-For: 192.0.2.1").is(t, 201)
}

func TestAUserOwnsTwentyTenants(t *testing.T) {
	h := open(t)
	ada := h.signIn(t, "ada@acme.example")
	for i := range 20 {
		h.clock.pass(time.Minute)
		h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": "tenant-%d"}`, i), ada).is(t, 201)
	}
	h.clock.pass(time.Minute)
	h.post(t, "/auth/tenants", `{"tenantId": "one-more"}`, ada).isProblem(t, 409, domain.CodeTenantQuota, "")
	claim := h.post(t, "/auth/tenants", `{"tenantId": "reserved"}`).is(t, 201).field(t, "claimToken")
	h.post(t, "/tenants/reserved/claim", fmt.Sprintf(`{"claimToken": %q}`, claim), ada).isProblem(t, 409, domain.CodeTenantQuota, "")
	h.post(t, "/tenants/reserved/claim", fmt.Sprintf(`{"claimToken": %q}`, claim), h.signIn(t, "bob@acme.example")).is(t, 200)
}

func TestAReservationAnswersUntilItExpires(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201)
	if got := h.get(t, "/", "X-Tenant-ID: acme").is(t, 200); got.field(t, "tenantId") != "acme" || got.field(t, "timestamp") == "" {
		t.Errorf("got %s", got.body)
	}
	ada := h.signIn(t, "ada@acme.example")
	h.get(t, "/files/download-url?filename=a", "X-Tenant-ID: acme", ada).isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.clock.pass(24 * time.Hour)
	h.get(t, "/", "X-Tenant-ID: acme").isProblem(t, 404, domain.CodeTenantNotFound, "")
}
