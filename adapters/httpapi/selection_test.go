package httpapi_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestSelectingATenant(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	h.tenant(t, "beta", "bob@beta.example")
	ada, both, none := h.signIn(t, "ada@acme.example"), h.signIn(t, "both@acme.example"), h.signIn(t, "none@acme.example")
	for _, id := range []string{"acme", "beta"} {
		h.join(t, parse(t, domain.ParseTenantID, id), "both@acme.example", domain.RoleMember)
	}
	const path = "/files/download-url?filename=a"

	t.Run("is not needed with one membership", func(t *testing.T) {
		h.get(t, path, ada).is(t, 200)
	})
	t.Run("is needed with several, and with none", func(t *testing.T) {
		h.get(t, path, both).isProblem(t, 400, domain.CodeTenantRequired, "X-Tenant-ID")
		h.get(t, path, none).isProblem(t, 400, domain.CodeTenantRequired, "X-Tenant-ID")
	})
	t.Run("decides between several", func(t *testing.T) {
		for _, id := range []string{"acme", "beta"} {
			if key := h.post(t, "/files/upload-url", `{"filename": "a"}`, both, "X-Tenant-ID: "+id).is(t, 200).field(t, "key"); key != id+"/a" {
				t.Errorf("in %s the key is %s", id, key)
			}
		}
	})
	t.Run("proves nothing: unknown, suspended and foreign are the same bytes", func(t *testing.T) {
		asleep := h.tenant(t, "asleep", "ada@acme.example")
		if err := h.db.SetStatus(asleep, domain.Suspended); err != nil {
			t.Fatal(err)
		}
		h.post(t, "/auth/tenants", `{"tenantId": "unclaimed"}`).is(t, 201)
		want := h.get(t, path, ada, "X-Tenant-ID: nobody", "X-Request-ID: one").isProblem(t, 404, domain.CodeTenantNotFound, "")
		for _, id := range []string{"asleep", "beta", "unclaimed", "admin"} {
			if got := h.get(t, path, ada, "X-Tenant-ID: "+id, "X-Request-ID: one"); got.status != 404 || got.body != want.body {
				t.Errorf("%s gives %d %s", id, got.status, got.body)
			}
		}
	})
	t.Run("twice with one value is one selection", func(t *testing.T) {
		h.get(t, path, ada, "X-Tenant-ID: acme", "X-Tenant-ID: acme").is(t, 200)
		h.get(t, "/", "X-Tenant-ID: acme", "x-tenant-id: acme").is(t, 200)
	})
	t.Run("twice with two values is refused, in either order", func(t *testing.T) {
		for _, values := range [][]string{{"acme", "beta"}, {"beta", "acme"}, {"acme", ""}, {"", "acme"}, {"acme", "acme", "beta"}} {
			var headers []string
			for _, value := range values {
				headers = append(headers, "X-Tenant-ID: "+value)
			}
			h.get(t, path, append(headers, ada)...).isProblem(t, 400, "invalid", "X-Tenant-ID")
			h.get(t, "/", headers...).isProblem(t, 400, "invalid", "X-Tenant-ID")
		}
	})
	t.Run("in the path and in the header agrees", func(t *testing.T) {
		token := h.post(t, "/auth/tenants", `{"tenantId": "gamma"}`).field(t, "claimToken")
		body := `{"claimToken": "` + token + `"}`
		h.post(t, "/tenants/gamma/claim", body, none, "X-Tenant-ID: acme").isProblem(t, 400, "invalid", "X-Tenant-ID")
		h.post(t, "/tenants/gamma/claim", body, none, "X-Tenant-ID: ").isProblem(t, 400, "invalid", "X-Tenant-ID")
		h.post(t, "/tenants/gamma/claim", body, none, "X-Tenant-ID: gamma").is(t, 200)
	})
	t.Run("is read from nowhere else", func(t *testing.T) {
		if key := h.post(t, "/files/upload-url?tenantId=beta&X-Tenant-ID=beta", `{"filename": "a"}`, ada, "X-Tenant: beta", "Tenant-ID: beta", "X_Tenant_ID: beta", "Cookie: tenant=beta").is(t, 200).field(t, "key"); key != "acme/a" {
			t.Errorf("the key is %s", key)
		}
	})
	t.Run("by text that cannot be an ID is refused", func(t *testing.T) {
		for _, value := range []string{
			"", "a", "Acme", "acme ltd", "acme,beta", "acme, acme", `"acme"`, "'acme'", `acme"; DROP SCHEMA "x`, "acme' OR '1'='1", "tenant_acme;",
			"ácme", "аcme", "acme\u200b", "%61cme", "acme%00", "../acme", "acme/..", "acme.", "-acme", "acme-", "$(id)", "{{7*7}}", "${jndi:ldap://x}",
			strings.Repeat("a", 49), strings.Repeat("a", 10<<10),
		} {
			h.get(t, "/", "X-Tenant-ID: "+value).isProblem(t, 400, "invalid", "X-Tenant-ID")
			h.get(t, path, ada, "X-Tenant-ID: "+value).isProblem(t, 400, "invalid", "X-Tenant-ID")
		}
		if got := raw(t, h.addr, "GET / HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: acme\x00\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
			t.Errorf("a NUL is answered by %.60q", got)
		}
		for _, inPath := range []string{"Acme", "%61cme", "acme%00", "acme%2F..", "..%2Facme", "%22acme%22", "acme%20", strings.Repeat("a", 10<<10)} {
			h.post(t, "/tenants/"+inPath+"/claim", `{"claimToken": "x"}`, ada).isProblem(t, 400, "invalid", "tenantId")
		}
		h.post(t, "/tenants//claim", `{"claimToken": "x"}`, ada).isProblem(t, 400, "invalid", "tenantId")
		h.get(t, "/admin/tenants//members", asOperator).isProblem(t, 400, "invalid", "tenantId")
		h.post(t, "/admin/tenants//resume", "", asOperator).isProblem(t, 400, "invalid", "tenantId")
	})
	t.Run("left empty in the path is refused, and does not stand for the caller's only tenant", func(t *testing.T) {
		sub := h.caller(t, "ada@acme.example").Identity().Subject()
		for _, route := range [][3]string{
			{"GET", "/tenants//members", ""}, {"GET", "/tenants//events", ""}, {"POST", "/tenants//leave", ""},
			{"PATCH", "/tenants//members/" + sub, `{"reason": "a"}`}, {"DELETE", "/tenants//members/" + sub, ""},
			{"POST", "/tenants//owner", `{"sub": "` + sub + `", "myRole": "viewer"}`},
			{"POST", "/tenants//suspend", `{"reason": "a"}`}, {"POST", "/tenants//resume", ""}, {"POST", "/tenants//restore", ""},
		} {
			h.send(t, route[0], route[1], route[2], ada).isProblem(t, 400, "invalid", "tenantId")
			h.send(t, route[0], route[1], route[2], ada, "X-Tenant-ID: acme").isProblem(t, 400, "invalid", "tenantId")
		}
	})
	t.Run("of a member who was removed ends with the next request", func(t *testing.T) {
		h.get(t, path, both, "X-Tenant-ID: beta").is(t, 200)
		removal := ports.MemberRemoval{Tenant: parse(t, domain.ParseTenantID, "beta"), Member: h.caller(t, "both@acme.example").Identity(), By: domain.OperatorActor()}
		if err := h.db.Members().Remove(t.Context(), removal); err != nil {
			t.Fatal(err)
		}
		h.get(t, path, both, "X-Tenant-ID: beta").is(t, 404)
	})
}
