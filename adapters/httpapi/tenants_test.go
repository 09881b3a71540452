package httpapi_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
)

const asOperator = "Authorization: Bearer " + operatorToken

func TestTheStatusOfATenant(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")

	t.Run("is a message, its ID, and a time in UTC", func(t *testing.T) {
		got := h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
		at, err := time.Parse(time.RFC3339Nano, got.field(t, "timestamp"))
		if err != nil || at.Location() != time.UTC || got.field(t, "tenantId") != "acme" || got.field(t, "message") == "" {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("needs the tenant named", func(t *testing.T) {
		h.get(t, "/").isProblem(t, 400, domain.CodeTenantRequired, "X-Tenant-ID")
	})
	t.Run("is 404 for an unknown tenant", func(t *testing.T) {
		h.get(t, "/", "X-Tenant-ID: nobody").isProblem(t, 404, domain.CodeTenantNotFound, "")
	})
	t.Run("reads no token", func(t *testing.T) {
		h.get(t, "/", "X-Tenant-ID: acme", "Authorization: Bearer stale").is(t, 200)
	})
	t.Run("is 404 for a suspended tenant, with the answer of an unknown one", func(t *testing.T) {
		id := h.tenant(t, "asleep", "ada@acme.example")
		if err := h.db.SetStatus(id, domain.Suspended); err != nil {
			t.Fatal(err)
		}
		asleep, unknown := h.get(t, "/", "X-Tenant-ID: asleep", "X-Request-ID: one"), h.get(t, "/", "X-Tenant-ID: nobody", "X-Request-ID: one")
		if asleep.body != unknown.body || asleep.status != 404 {
			t.Errorf("got %s and %s", asleep.body, unknown.body)
		}
	})
	t.Run("is 503 while the database is unavailable, and 200 afterwards", func(t *testing.T) {
		h.db.Break()
		defer h.db.Restore()
		h.get(t, "/", "X-Tenant-ID: acme").isProblem(t, 503, domain.CodeDatabaseUnavailable, "")
		h.db.Restore()
		h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
	})
}

func TestCreatingATenant(t *testing.T) {
	t.Run("by an unknown caller returns a claim token for 24 hours", func(t *testing.T) {
		h := open(t)
		got := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201)
		if got.field(t, "claimToken") == "" || got.field(t, "status") != "unclaimed" || got.field(t, "name") != "acme" {
			t.Fatalf("got %s", got.body)
		}
		expires, err := time.Parse(time.RFC3339Nano, got.field(t, "claimExpiresAt"))
		created, err2 := time.Parse(time.RFC3339Nano, got.field(t, "createdAt"))
		if err != nil || err2 != nil || expires.Sub(created) != 24*time.Hour || created.Location() != time.UTC {
			t.Errorf("got %s", got.body)
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Error("the claim token may be cached")
		}
		h.clock.pass(24 * time.Hour)
		h.get(t, "/", "X-Tenant-ID: acme").is(t, 404)
		h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201)
	})

	t.Run("by a signed-in caller makes them the owner", func(t *testing.T) {
		h := open(t)
		ada := h.signIn(t, "ada@acme.example")
		got := h.post(t, "/auth/tenants", `{"tenantId": "acme", "name": "  Acme  "}`, ada).is(t, 201)
		if strings.Contains(got.body, "claim") || got.field(t, "status") != "active" || got.field(t, "name") != "Acme" {
			t.Errorf("got %s", got.body)
		}
		h.get(t, "/files/download-url?filename=a", ada).is(t, 200)
	})

	t.Run("by the operator returns a claim token", func(t *testing.T) {
		h := open(t)
		if h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, asOperator).is(t, 201).field(t, "claimToken") == "" {
			t.Error("there is none")
		}
	})

	t.Run("with a bad token is refused, and not served as without one", func(t *testing.T) {
		h := open(t)
		got := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, "Authorization: Bearer bad").isProblem(t, 401, domain.CodeInvalidToken, "")
		if got.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
		}
		h.get(t, "/", "X-Tenant-ID: acme").is(t, 404)
	})

	t.Run("is refused for an ID that is", func(t *testing.T) {
		h := open(t)
		h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201)
		for _, test := range []struct {
			what, body string
			status     int
			code       domain.Code
			field      string
		}{
			{"taken", `{"tenantId": "acme"}`, 409, domain.CodeTenantExists, "tenantId"},
			{"reserved", `{"tenantId": "admin"}`, 400, domain.CodeTenantReserved, "tenantId"},
			{"missing", `{}`, 400, "invalid", "tenantId"},
			{"null", `{"tenantId": null}`, 400, "invalid", "tenantId"},
			{"a number", `{"tenantId": 7}`, 400, "invalid", "tenantId"},
			{"in capitals", `{"tenantId": "Acme"}`, 400, "invalid", "tenantId"},
			{"too long", `{"tenantId": "` + strings.Repeat("a", 49) + `"}`, 400, "invalid", "tenantId"},
			{"SQL", `{"tenantId": "a\"; DROP SCHEMA public; --"}`, 400, "invalid", "tenantId"},
			{"with a bad name", `{"tenantId": "beta", "name": "a\u0000b"}`, 400, "invalid", "name"},
		} {
			t.Run(test.what, func(t *testing.T) {
				h.post(t, "/auth/tenants", test.body).isProblem(t, test.status, test.code, test.field)
			})
		}
	})

	t.Run("does not select: X-Tenant-ID may name another tenant", func(t *testing.T) {
		h := open(t)
		h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, "X-Tenant-ID: beta").is(t, 201)
	})

	t.Run("by 50 callers at once succeeds once", func(t *testing.T) {
		h := open(t)
		statuses := make([]int, 50)
		var wg sync.WaitGroup
		for i := range statuses {
			wg.Go(func() {
				statuses[i] = h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", i)).status
			})
		}
		wg.Wait()
		counts := map[int]int{}
		for _, status := range statuses {
			counts[status]++
		}
		if counts[201] != 1 || counts[409] != 49 {
			t.Errorf("got %v", counts)
		}
	})
}

func TestWhoMayCreateATenant(t *testing.T) {
	for _, test := range []struct {
		policy                     tenants.CreationPolicy
		stranger, member, operator int
	}{
		{tenants.Open, 201, 201, 201},
		{tenants.Authenticated, 401, 201, 201},
		{tenants.OperatorOnly, 401, 403, 201},
	} {
		t.Run(string(test.policy), func(t *testing.T) {
			h := open(t, func(h *installation) { h.config.Tenants.Policy = test.policy })
			stranger := h.post(t, "/auth/tenants", `{"tenantId": "one"}`).is(t, test.stranger)
			if challenge := stranger.header.Get("WWW-Authenticate"); (challenge == "Bearer") != (test.stranger == 401) {
				t.Errorf("an unknown caller gets WWW-Authenticate: %q", challenge)
			}
			h.post(t, "/auth/tenants", `{"tenantId": "two"}`, h.signIn(t, "ada@acme.example")).is(t, test.member)
			h.post(t, "/auth/tenants", `{"tenantId": "three"}`, asOperator).is(t, test.operator)
		})
	}
}

func TestAnIdempotencyKey(t *testing.T) {
	h := open(t)
	ada := h.signIn(t, "ada@acme.example")
	first := h.post(t, "/auth/tenants", `{"tenantId": "acme", "name": "Acme"}`, ada, "Idempotency-Key: k1").is(t, 201)

	t.Run("replays the first answer to the same user", func(t *testing.T) {
		again := h.post(t, "/auth/tenants", `{"name":"Acme","tenantId":"acme"}`, ada, "Idempotency-Key: k1").is(t, 201)
		if again.body != first.body || again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("got %s, %v", again.body, again.header)
		}
	})
	t.Run("with another body is 422", func(t *testing.T) {
		h.post(t, "/auth/tenants", `{"tenantId": "beta"}`, ada, "Idempotency-Key: k1").isProblem(t, 422, domain.CodeIdempotencyMismatch, "Idempotency-Key")
	})
	t.Run("is each user's own", func(t *testing.T) {
		bob := h.signIn(t, "bob@acme.example")
		h.post(t, "/auth/tenants", `{"tenantId": "acme", "name": "Acme"}`, bob, "Idempotency-Key: k1").isProblem(t, 409, domain.CodeTenantExists, "tenantId")
	})
	t.Run("is ignored for an unknown caller", func(t *testing.T) {
		h.post(t, "/auth/tenants", `{"tenantId": "gamma"}`, "Idempotency-Key: k2", "Idempotency-Key: k3").is(t, 201)
		h.post(t, "/auth/tenants", `{"tenantId": "gamma"}`, "Idempotency-Key: k2").is(t, 409)
	})
	t.Run("is one value, neither empty nor endless", func(t *testing.T) {
		for _, headers := range [][]string{
			{"Idempotency-Key: a", "Idempotency-Key: b"},
			{"Idempotency-Key: "},
			{"Idempotency-Key: " + strings.Repeat("k", 256)},
			{"Idempotency-Key: a b"},
		} {
			h.post(t, "/auth/tenants", `{"tenantId": "delta"}`, append(headers, ada)...).isProblem(t, 400, "invalid", "Idempotency-Key")
		}
	})
	t.Run("may be repeated as it is", func(t *testing.T) {
		h.post(t, "/auth/tenants", `{"tenantId": "epsilon"}`, ada, "Idempotency-Key: e", "Idempotency-Key: e").is(t, 201)
	})
}

func TestClaimingATenant(t *testing.T) {
	claim := func(t *testing.T, h *installation, id string) string {
		token := h.post(t, "/auth/tenants", fmt.Sprintf(`{"tenantId": %q}`, id)).is(t, 201).field(t, "claimToken")
		return fmt.Sprintf(`{"claimToken": %q}`, token)
	}

	t.Run("makes the caller its owner, once", func(t *testing.T) {
		h := open(t)
		token, ada := claim(t, h, "acme"), h.signIn(t, "ada@acme.example")
		got := h.post(t, "/tenants/acme/claim", token, ada).is(t, 200)
		if got.field(t, "tenantId") != "acme" || got.field(t, "role") != "owner" || got.field(t, "name") != "acme" {
			t.Errorf("got %s", got.body)
		}
		h.post(t, "/tenants/acme/claim", token, ada).is(t, 200)
		h.post(t, "/tenants/acme/claim", token, h.signIn(t, "bob@acme.example")).isProblem(t, 400, domain.CodeClaimInvalid, "claimToken")
		h.get(t, "/files/download-url?filename=a", ada).is(t, 200)
	})

	t.Run("needs a caller who is signed in", func(t *testing.T) {
		h := open(t)
		got := h.post(t, "/tenants/acme/claim", claim(t, h, "acme")).isProblem(t, 401, "unauthenticated", "")
		if got.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
		}
		h.post(t, "/tenants/acme/claim", `{}`, asOperator).isProblem(t, 401, domain.CodeInvalidToken, "")
	})

	t.Run("with another tenant's token leaves it unspent", func(t *testing.T) {
		h := open(t)
		token, ada := claim(t, h, "acme"), h.signIn(t, "ada@acme.example")
		claim(t, h, "beta")
		h.post(t, "/tenants/beta/claim", token, ada).isProblem(t, 400, domain.CodeClaimInvalid, "claimToken")
		h.post(t, "/tenants/acme/claim", token, ada).is(t, 200)
	})

	t.Run("with a token that is wrong is one answer, whatever the tenant", func(t *testing.T) {
		for _, id := range []string{"acme", "nobody"} {
			h := open(t) // each with the attempts that a caller has in a minute
			claim(t, h, "acme")
			ada := h.signIn(t, "ada@acme.example")
			for _, token := range []string{`{"claimToken": "wrong"}`, `{"claimToken": ""}`, `{}`} {
				h.post(t, "/tenants/"+id+"/claim", token, ada).isProblem(t, 400, domain.CodeClaimInvalid, "claimToken")
			}
		}
	})

	t.Run("by 50 callers at once succeeds once", func(t *testing.T) {
		h := open(t)
		token := claim(t, h, "acme")
		statuses := make([]int, 50)
		var wg sync.WaitGroup
		for i := range statuses {
			who := h.signIn(t, fmt.Sprintf("u%d@acme.example", i))
			wg.Go(func() { statuses[i] = h.post(t, "/tenants/acme/claim", token, who).status })
		}
		wg.Wait()
		done := 0
		for _, status := range statuses {
			if status == 200 {
				done++
			}
		}
		if done != 1 {
			t.Errorf("%d claimed it: %v", done, statuses)
		}
	})
}
