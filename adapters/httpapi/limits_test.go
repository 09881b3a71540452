package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestCreationsAreLimited(t *testing.T) {
	h := open(t)
	create := func(t *testing.T, i int, headers ...string) answer {
		return h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": "tenant-%d"}`, i), headers...)
	}
	for i := range tenants.CreationsPerAddress {
		h.post(t, "/auth/tenants", `{"tenantId": "half`)                              // half sent
		create(t, i, "Authorization: Bearer bad").is(t, 401)                          // badly signed in
		h.post(t, "/auth/tenants", `{"tenantId": "Not An ID"}`).is(t, 400)            // nonsense
		create(t, i, "X-Forwarded-For: 203.0.113.9, 192.0.2.1").is(t, 201)            // the limit's own
		create(t, 100+i, h.signIn(t, fmt.Sprintf("u%d@acme.example", i))).is(t, 201)  // signed in
		create(t, 200+i, asOperator, "X-Forwarded-For: 192.0.2.1").is(t, 201)         // the operator
		create(t, 300+i, fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", i)).is(t, 201) // from elsewhere
	}

	t.Run("for each address", func(t *testing.T) {
		got := create(t, 99, "X-Forwarded-For: 192.0.2.1").isProblem(t, 429, "rate_limited", "")
		if got.header.Get("Retry-After") != "3" {
			t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
		}
		create(t, 99, "X-Forwarded-For: 192.0.2.1, 192.0.2.2").is(t, 201)
	})
	t.Run("by identity for signed-in callers, and never for the operator", func(t *testing.T) {
		grace := h.signIn(t, "grace@acme.example")
		for i := range tenants.CreationsPerIdentity {
			create(t, 500+i, grace).is(t, 201)
		}
		create(t, 510, grace).isProblem(t, 429, "rate_limited", "")
		create(t, 400, "X-Forwarded-For: 192.0.2.1", h.signIn(t, "ada@acme.example")).is(t, 201)
		create(t, 401, "X-Forwarded-For: 192.0.2.1", asOperator).is(t, 201)
	})
	t.Run("and bad tokens stay 401", func(t *testing.T) {
		create(t, 402, "X-Forwarded-For: 192.0.2.1", "Authorization: Bearer bad").is(t, 401)
	})
	t.Run("until time passes", func(t *testing.T) {
		h.clock.pass(3 * time.Second)
		create(t, 403, "X-Forwarded-For: 192.0.2.1").is(t, 201)
		create(t, 404, "X-Forwarded-For: 192.0.2.1").is(t, 429)
		h.clock.pass(time.Minute)
		create(t, 404, "X-Forwarded-For: 192.0.2.1").is(t, 201)
	})
}

func TestIPv6IsLimitedByNetwork(t *testing.T) {
	h := open(t)
	for i := range tenants.CreationsPerAddress {
		h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": "tenant-%d"}`, i), fmt.Sprintf("X-Forwarded-For: 2001:db8:1:2::%x", i)).is(t, 201)
	}
	h.post(t, "/auth/tenants", `{"tenantId": "one-more"}`, "X-Forwarded-For: [2001:db8:1:2:ffff::1]:443").is(t, 429)
	h.post(t, "/auth/tenants", `{"tenantId": "one-more"}`, "X-Forwarded-For: 2001:db8:1:3::1").is(t, 201)
}

func TestAForgedForwardedForDoesNotEvadeALimit(t *testing.T) {
	h := open(t, func(h *installation) { h.config.TrustedProxies = nil })
	for i := range tenants.CreationsPerAddress {
		h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": "tenant-%d"}`, i), fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", i)).is(t, 201)
	}
	h.post(t, "/auth/tenants", `{"tenantId": "one-more"}`, "X-Forwarded-For: 198.51.100.1", "Forwarded: for=198.51.100.1", "X-Real-IP: 198.51.100.1").is(t, 429)
}

func TestIdentityRequestsAreLimited(t *testing.T) {
	bodies := map[string]string{
		"/auth/signup":               `{"email": %q, "password": "wrong horse"}`,
		"/auth/verify-email":         `{"email": %q, "code": "1"}`,
		"/auth/resend-code":          `{"email": %q}`,
		"/auth/signin":               `{"email": %q, "password": "wrong horse"}`,
		"/auth/respond-to-challenge": `{"email": %q, "challengeName": "EMAIL_OTP", "session": "s"}`,
		"/auth/forgot-password":      `{"email": %q}`,
		"/auth/reset-password":       `{"email": %q, "code": "1", "newPassword": "wrong horse"}`,
	}

	t.Run("for each e-mail address, in every spelling, from one network address", func(t *testing.T) {
		for path, body := range bodies {
			h := open(t)
			for i := range identities.RequestsPerEmail {
				address := "ada@acme.example"
				if i%2 == 0 {
					address = strings.ToUpper(address)
				}
				if got := h.post(t, path, fmt.Sprintf(body, address), "X-Forwarded-For: 192.0.2.1"); got.status == 429 {
					t.Fatalf("%s: number %d is %s", path, i+1, got.body)
				}
			}
			got := h.post(t, path, fmt.Sprintf(body, "ada@acme.example"), "X-Forwarded-For: 192.0.2.1").isProblem(t, 429, "rate_limited", "")
			if got.header.Get("Retry-After") != "6" {
				t.Errorf("%s: Retry-After is %q", path, got.header.Get("Retry-After"))
			}
			if got := h.post(t, path, fmt.Sprintf(body, "bob@acme.example"), "X-Forwarded-For: 192.0.2.1"); got.status == 429 {
				t.Errorf("%s: another e-mail address is limited too", path)
			}
			if got := h.post(t, path, fmt.Sprintf(body, "ada@acme.example"), "X-Forwarded-For: 198.51.100.1"); got.status == 429 {
				t.Errorf("%s: another network address is limited too", path)
			}
		}
	})

	t.Run("and a request a second from a stranger does not keep the owner from signing in", func(t *testing.T) {
		h := open(t)
		h.post(t, "/auth/signup", adaSignsUp, "X-Forwarded-For: 192.0.2.1").is(t, 201)
		for range 600 {
			h.post(t, "/auth/signin", `{"email": "ada@acme.example", "password": "wrong horse"}`, "X-Forwarded-For: 198.51.100.1")
			h.post(t, "/auth/verify-email", `{"email": "ada@acme.example", "code": "12345678"}`, "X-Forwarded-For: 198.51.100.1")
			h.clock.pass(time.Second)
		}
		h.post(t, "/auth/signin", adaSignsUp, "X-Forwarded-For: 192.0.2.1").is(t, 200)
		h.post(t, "/auth/signin", adaSignsUp, "X-Forwarded-For: 192.0.2.77").is(t, 200)
	})

	t.Run("for each caller's address, without using up the allowance of an e-mail address", func(t *testing.T) {
		h := open(t)
		ask := func(address, from string) answer {
			return h.post(t, "/auth/resend-code", fmt.Sprintf(`{"email": %q}`, address), "X-Forwarded-For: "+from)
		}
		for i := range identities.RequestsPerAddress {
			ask(fmt.Sprintf("user%d@acme.example", i), "192.0.2.1").is(t, 202)
		}
		for range 2 * identities.RequestsPerEmail {
			ask("ada@acme.example", "192.0.2.1").isProblem(t, 429, "rate_limited", "")
		}
		ask("ada@acme.example", "192.0.2.2").is(t, 202)
	})

	t.Run("for refreshing by the caller's address", func(t *testing.T) {
		h := open(t)
		for range identities.RequestsPerAddress {
			h.post(t, "/auth/refresh", `{"refreshToken": "x"}`).is(t, 401)
		}
		h.post(t, "/auth/refresh", `{"refreshToken": "x"}`).isProblem(t, 429, "rate_limited", "")
	})

	t.Run("and half-sent requests lock no user out", func(t *testing.T) {
		h := open(t)
		for range identities.RequestsPerEmail + 1 {
			h.post(t, "/auth/signin", `{"email": "ada@acme.example", "password"`).is(t, 400)
			h.post(t, "/auth/signin", adaSignsUp, "Content-Type: text/plain").is(t, 415)
		}
		h.post(t, "/auth/signin", adaSignsUp).is(t, 401)
	})

	t.Run("but not for a signed-in caller", func(t *testing.T) {
		h := open(t)
		ada := h.signIn(t, "ada@acme.example")
		for range identities.RequestsPerAddress + 1 {
			h.get(t, "/auth/me", ada).is(t, 200)
			h.post(t, "/auth/signout", `{"refreshToken": "x"}`, ada).is(t, 204)
		}
	})
}

func TestAProxyThatIsNotTrustedIsALineInTheLog(t *testing.T) {
	const line = "X-Forwarded-For is ignored"
	h := open(t, func(h *installation) { h.config.TrustedProxies = nil })
	h.get(t, "/healthz").is(t, 200)
	if strings.Contains(h.log.String(), line) {
		t.Errorf("a caller without a proxy counts as a proxy: %s", h.log)
	}
	for range 3 {
		h.get(t, "/healthz", "X-Forwarded-For: 198.51.100.1").is(t, 200)
	}
	if log := h.log.String(); strings.Count(log, line) != 1 || !strings.Contains(log, "TRUSTED_PROXIES") || !strings.Contains(log, `"proxy":"127.0.0.1"`) {
		t.Errorf("the log has %s", log)
	}
	for _, name := range []string{"net/http", "Echo"} {
		product := products(httpapi.New(h.config), nil)[name]
		h.log.Reset()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/invoices", nil)
		r.RemoteAddr = "10.0.0.1:4000"
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
		product.ServeHTTP(httptest.NewRecorder(), r)
		if log := h.log.String(); strings.Count(log, line) != 1 {
			t.Errorf("a product's route in %s logs %s", name, log)
		}
	}
	trusting := open(t)
	trusting.get(t, "/healthz", "X-Forwarded-For: 198.51.100.1").is(t, 200)
	if strings.Contains(trusting.log.String(), line) {
		t.Errorf("a trusted proxy is a line in the log: %s", trusting.log)
	}
}
