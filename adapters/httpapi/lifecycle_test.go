package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
)

// acme has a tenant with a member of each role.
type acme struct {
	*installation
	owner, admin, stranger string // Authorization headers
}

func openAcme(t *testing.T, change ...func(*installation)) acme {
	h := open(t, change...)
	id := h.tenant(t, "acme", "ada@acme.example")
	h.join(t, id, "bob@acme.example", domain.RoleAdmin)
	return acme{h, h.signIn(t, "ada@acme.example"), h.signIn(t, "bob@acme.example"), h.signIn(t, "eve@evil.example")}
}

// sameAsUnknown fails unless the answer is that of an unknown tenant.
func (h acme) sameAsUnknown(t *testing.T, method, path, body string, headers ...string) {
	t.Helper()
	headers = append(headers, "X-Request-ID: one")
	got := h.send(t, method, path, body, headers...).isProblem(t, 404, domain.CodeTenantNotFound, "")
	unknown := h.send(t, method, strings.Replace(path, "acme", "unknown", 1), body, headers...)
	if got.body != unknown.body {
		t.Errorf("%s %s: %s, and of an unknown tenant %s", method, path, got.body, unknown.body)
	}
}

func TestShowingATenant(t *testing.T) {
	h := openAcme(t)
	t.Run("shows a member the record, and the role", func(t *testing.T) {
		for by, role := range map[string]string{h.owner: "owner", h.admin: "admin", asOperator: ""} {
			got := h.get(t, "/tenants/acme", by).is(t, 200)
			if got.field(t, "tenantId") != "acme" || got.field(t, "status") != "active" || got.field(t, "role") != role || got.field(t, "settings") != "{}" || got.header.Get("ETag") == "" {
				t.Errorf("got %s", got.body)
			}
		}
		h.sameAsUnknown(t, "GET", "/tenants/acme", "", h.stranger)
		h.get(t, "/tenants/acme").isProblem(t, 401, "unauthenticated", "")
		h.get(t, "/tenants/acme", "Authorization: Bearer stale").isProblem(t, 401, "invalid_token", "")
		h.get(t, "/tenants/acme", h.owner, "X-Tenant-ID: beta").isProblem(t, 400, "invalid", "X-Tenant-ID")
		h.get(t, "/tenants/acme", h.owner, "X-Tenant-ID: acme").is(t, 200)
	})
	t.Run("shows a suspended tenant to its stewards alone", func(t *testing.T) {
		h.post(t, "/tenants/acme/suspend", `{"reason": "holidays"}`, h.owner).is(t, 200)
		for _, by := range []string{h.owner, asOperator} {
			got := h.get(t, "/tenants/acme", by).is(t, 200)
			if got.field(t, "status") != "suspended" || got.field(t, "suspendedReason") != "holidays" || got.field(t, "suspendedBy") != "owner" {
				t.Errorf("got %s", got.body)
			}
		}
		h.sameAsUnknown(t, "GET", "/tenants/acme", "", h.admin)
		h.sameAsUnknown(t, "GET", "/tenants/acme", "", h.stranger)
	})
	t.Run("shows the operator a reservation", func(t *testing.T) {
		h.post(t, "/auth/tenants", `{"tenantId": "held"}`).is(t, 201)
		if got := h.get(t, "/admin/tenants/held", asOperator).is(t, 200); got.field(t, "status") != "unclaimed" {
			t.Errorf("got %s", got.body)
		}
		h.get(t, "/admin/tenants/unknown", asOperator).isProblem(t, 404, domain.CodeTenantNotFound, "")
	})
}

func TestATenantThatIsNotServed(t *testing.T) {
	for _, by := range []string{"owner", "operator"} {
		for verb, undo := range map[string]string{"suspend": "resume", "delete": "restore"} {
			t.Run("is the same 404 for its members after "+verb+" by the "+by+", until "+undo, func(t *testing.T) {
				h := openAcme(t)
				path, auth := "/tenants/acme", h.owner
				if by == "operator" {
					path, auth = "/admin/tenants/acme", asOperator
				}
				if verb == "delete" {
					h.send(t, "DELETE", path, "", auth).is(t, 202)
				} else {
					h.post(t, path+"/"+verb, `{"reason": "a reason"}`, auth).is(t, 200)
				}
				for _, member := range []string{h.owner, h.admin} {
					asleep := h.get(t, "/files/download-url?filename=a", member, "X-Tenant-ID: acme", "X-Request-ID: one").is(t, 404)
					unknown := h.get(t, "/files/download-url?filename=a", member, "X-Tenant-ID: unknown", "X-Request-ID: one")
					if asleep.body != unknown.body {
						t.Errorf("got %s and %s", asleep.body, unknown.body)
					}
				}
				h.get(t, "/", "X-Tenant-ID: acme").is(t, 404)
				h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).isProblem(t, 409, domain.CodeTenantExists, "tenantId")
				h.post(t, path+"/"+undo, "", auth).is(t, 200)
				h.get(t, "/files/download-url?filename=a", h.admin, "X-Tenant-ID: acme").is(t, 200)
			})
		}
	}
}

func TestSuspendingATenant(t *testing.T) {
	t.Run("needs an owner or the operator", func(t *testing.T) {
		h := openAcme(t)
		for _, path := range []string{"/tenants/acme/suspend", "/tenants/acme/resume", "/tenants/acme/restore"} {
			h.post(t, path, `{"reason": "a"}`, h.admin).isProblem(t, 403, "forbidden", "")
			h.sameAsUnknown(t, "POST", path, `{"reason": "a"}`, h.stranger)
			h.post(t, path, `{"reason": "a"}`).isProblem(t, 401, "unauthenticated", "")
			h.post(t, "/admin"+path, `{"reason": "a"}`, h.owner).isProblem(t, 403, "forbidden", "")
			h.post(t, "/admin"+path, `{"reason": "a"}`).isProblem(t, 401, "unauthenticated", "")
		}
		h.send(t, "DELETE", "/tenants/acme", "", h.admin).isProblem(t, 403, "forbidden", "")
		h.sameAsUnknown(t, "DELETE", "/tenants/acme", "", h.stranger)
	})
	t.Run("needs a reason", func(t *testing.T) {
		h := openAcme(t)
		for _, body := range []string{"", `{}`, `{"reason": " "}`, `{"reason": "two\nlines"}`, fmt.Sprintf(`{"reason": %q}`, strings.Repeat("長", 201))} {
			h.post(t, "/tenants/acme/suspend", body, h.owner).isProblem(t, 400, "invalid", "reason")
		}
		h.post(t, "/tenants/acme/suspend", fmt.Sprintf(`{"reason": %q}`, strings.Repeat("長", 200)), h.owner).is(t, 200)
	})
	t.Run("again changes nothing", func(t *testing.T) {
		h := openAcme(t)
		first := h.post(t, "/tenants/acme/suspend", `{"reason": "first"}`, h.owner).is(t, 200)
		second := h.post(t, "/tenants/acme/suspend", `{"reason": "second"}`, h.owner).is(t, 200)
		if first.body != second.body || first.header.Get("ETag") != second.header.Get("ETag") {
			t.Errorf("got %s, then %s", first.body, second.body)
		}
	})
	t.Run("by the operator takes over from an owner, who then cannot resume", func(t *testing.T) {
		h := openAcme(t)
		h.post(t, "/tenants/acme/suspend", `{"reason": "holidays"}`, h.owner).is(t, 200)
		got := h.post(t, "/tenants/acme/suspend", `{"reason": "unpaid"}`, asOperator).is(t, 200)
		if got.field(t, "suspendedBy") != "operator" || got.field(t, "suspendedReason") != "unpaid" {
			t.Errorf("got %s", got.body)
		}
		h.post(t, "/tenants/acme/resume", "", h.owner).isProblem(t, 403, domain.CodeHeldByOperator, "")
		if got := h.post(t, "/tenants/acme/resume", "", asOperator).is(t, 200); strings.Contains(got.body, "suspended") {
			t.Errorf("got %s", got.body)
		}
	})
}

func TestDeletingATenant(t *testing.T) {
	t.Run("keeps it for the grace, and no longer", func(t *testing.T) {
		h := openAcme(t)
		got := h.send(t, "DELETE", "/tenants/acme", `{"reason": "moved on"}`, h.owner).is(t, 202)
		at, err := time.Parse(time.RFC3339Nano, got.field(t, "purgeAfter"))
		if left := at.Sub(h.clock.Now()); err != nil || got.field(t, "status") != "deleted" || left > 720*time.Hour || left < 719*time.Hour {
			t.Errorf("got %s", got.body)
		}
		if again := h.send(t, "DELETE", "/tenants/acme", "", h.owner).is(t, 202); again.body != got.body {
			t.Errorf("again: %s", again.body)
		}
		h.post(t, "/tenants/acme/suspend", `{"reason": "a"}`, h.owner).isProblem(t, 409, domain.CodeTenantState, "")
		h.send(t, "PATCH", "/tenants/acme", `{"name": "a"}`, h.owner).isProblem(t, 409, domain.CodeTenantState, "")
		h.clock.pass(720 * time.Hour)
		h.post(t, "/tenants/acme/restore", "", h.signIn(t, "ada@acme.example")).isProblem(t, 409, domain.CodeTenantState, "")
	})
	t.Run("by the operator is restored by the operator alone", func(t *testing.T) {
		h := openAcme(t)
		h.send(t, "DELETE", "/tenants/acme", "", asOperator).is(t, 202)
		h.post(t, "/tenants/acme/restore", "", h.owner).isProblem(t, 403, domain.CodeHeldByOperator, "")
		h.post(t, "/tenants/acme/restore", "", asOperator).is(t, 200)
	})
	t.Run("counts in the quota of its owner", func(t *testing.T) {
		h := openAcme(t, func(h *installation) { h.config.Tenants.TenantsPerOwner = 1 })
		h.send(t, "DELETE", "/tenants/acme", "", h.owner).is(t, 202)
		h.post(t, "/auth/tenants", `{"tenantId": "bolt"}`, h.owner).isProblem(t, 409, domain.CodeTenantQuota, "")
	})
}

func TestEditingATenant(t *testing.T) {
	t.Run("replaces what the body names", func(t *testing.T) {
		h := openAcme(t)
		const nested = `{"a":[[[[[[[[[[1]]]]]]]]]],"b":null}`
		got := h.send(t, "PATCH", "/tenants/acme", `{"name": "  Acme Ltd.  "}`, h.owner).is(t, 200)
		if got.field(t, "name") != "Acme Ltd." || got.field(t, "settings") != "{}" {
			t.Errorf("got %s", got.body)
		}
		got = h.send(t, "PATCH", "/tenants/acme", `{"settings": `+nested+`}`, asOperator).is(t, 200)
		if got.field(t, "name") != "Acme Ltd." || got.field(t, "settings") != nested {
			t.Errorf("got %s", got.body)
		}
		if shown := h.get(t, "/tenants/acme", h.admin).is(t, 200); shown.field(t, "settings") != nested || shown.header.Get("ETag") != got.header.Get("ETag") {
			t.Errorf("shown as %s", shown.body)
		}
		if got := h.send(t, "PATCH", "/tenants/acme", `{"name": ""}`, h.owner).is(t, 200); got.field(t, "name") != "acme" {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("refuses what no tenant has", func(t *testing.T) {
		h := openAcme(t)
		deep := func(levels int) string { // the settings are the first
			return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + "}"
		}
		h.send(t, "PATCH", "/tenants/acme", `{"settings": `+deep(domain.MaxSettingsDepth)+`}`, h.owner).is(t, 200)
		long := `{"a":"` + strings.Repeat("x", domain.MaxSettingsLen) + `"}`
		for _, test := range [][2]string{
			{`{"name": "a\u0000"}`, "name"},
			{`{"name": null}`, "name"},
			{`{"settings": []}`, "settings"},
			{`{"settings": null}`, "settings"},
			{`{"settings": ` + deep(domain.MaxSettingsDepth+1) + `}`, "settings"},
			{`{"settings": ` + deep(domain.MaxSettingsDepth+10) + `}`, ""},
			{`{"settings": {"a": 1, "a": 2}}`, "settings.a"},
			{`{"settings": ` + long + `}`, "settings"},
			{`{"status": "active"}`, "status"},
		} {
			h.send(t, "PATCH", "/tenants/acme", test[0], h.owner).isProblem(t, 400, "invalid", test[1])
		}
		h.send(t, "PATCH", "/tenants/acme", `{"name": "a"}`, h.admin).isProblem(t, 403, "forbidden", "")
		h.sameAsUnknown(t, "PATCH", "/tenants/acme", `{"name": "a"}`, h.stranger)
	})
	t.Run("on another revision is refused", func(t *testing.T) {
		h := openAcme(t)
		tag := "If-Match: " + h.get(t, "/tenants/acme", h.owner).header.Get("ETag")
		h.send(t, "PATCH", "/tenants/acme", `{"name": "Bolt"}`, h.owner, tag).is(t, 200)
		for _, send := range []func(...string) answer{
			func(headers ...string) answer {
				return h.send(t, "PATCH", "/tenants/acme", `{"name": "Core"}`, headers...)
			},
			func(headers ...string) answer {
				return h.post(t, "/tenants/acme/suspend", `{"reason": "a"}`, headers...)
			},
			func(headers ...string) answer { return h.send(t, "DELETE", "/tenants/acme", "", headers...) },
		} {
			send(h.owner, tag).isProblem(t, 412, domain.CodeTenantChanged, "")
			send(h.owner, "If-Match: Bolt").isProblem(t, 400, "invalid", "If-Match")
			send(h.owner, `If-Match: W/"1"`).isProblem(t, 400, "invalid", "If-Match")
			send(h.owner, `If-Match: "1", "2"`).isProblem(t, 400, "invalid", "If-Match")
		}
		if got := h.get(t, "/tenants/acme", h.owner); got.field(t, "name") != "Bolt" || got.field(t, "status") != "active" {
			t.Errorf("got %s", got.body)
		}
		h.send(t, "PATCH", "/tenants/acme", `{"name": "Core"}`, h.owner, "If-Match: *").is(t, 200)
	})
	t.Run("asks the product about settings", func(t *testing.T) {
		h := openAcme(t, func(h *installation) {
			h.config.Tenants.ValidateSettings = func(_ context.Context, id domain.TenantID, settings domain.Settings) error {
				var s struct{ Theme string }
				if err := settings.Decode(&s); err != nil {
					return domain.Errorf(domain.Internal, "secret").WithCause(err)
				}
				if s.Theme == "pink" {
					return errors.New("the theme is dark or light")
				}
				return nil
			}
		})
		got := h.send(t, "PATCH", "/tenants/acme", `{"settings": {"theme": "pink"}}`, h.owner).isProblem(t, 400, "invalid", "settings")
		if !strings.Contains(got.body, "the theme is dark or light") {
			t.Errorf("got %s", got.body)
		}
		got = h.send(t, "PATCH", "/tenants/acme", `{"settings": {"theme": 1}}`, h.owner).isProblem(t, 500, "internal", "")
		if strings.Contains(got.body, "secret") {
			t.Errorf("got %s", got.body)
		}
		h.send(t, "PATCH", "/tenants/acme", `{"settings": {"theme": "dark"}}`, h.owner).is(t, 200)
	})
}

func TestListingTenants(t *testing.T) {
	h := openAcme(t)
	h.tenant(t, "bolt", "ada@acme.example")
	h.tenant(t, "core", "eve@evil.example")
	h.post(t, "/auth/tenants", `{"tenantId": "held"}`).is(t, 201)
	h.post(t, "/admin/tenants/bolt/suspend", `{"reason": "unpaid"}`, asOperator).is(t, 200)
	ada := h.get(t, "/auth/me", h.owner).field(t, "sub")
	ids := func(query string) string {
		t.Helper()
		got := h.get(t, "/admin/tenants"+query, asOperator).is(t, 200)
		var found []string
		for part := range strings.SplitSeq(got.body, `"tenantId":"`) {
			if id, _, ok := strings.Cut(part, `"`); ok && !strings.HasPrefix(part, "{") {
				found = append(found, id)
			}
		}
		return strings.Join(found, " ") + " > " + got.field(t, "nextCursor")
	}
	for query, want := range map[string]string{
		"":                            "acme bolt core held > ",
		"?limit=2":                    "acme bolt > bolt",
		"?limit=4":                    "acme bolt core held > ",
		"?limit=2&cursor=bolt":        "core held > ",
		"?status=suspended":           "bolt > ",
		"?status=unclaimed":           "held > ",
		"?status=gone":                " > ",
		"?q=OL":                       "bolt > ",
		"?owner=" + ada:               "acme bolt > ",
		"?owner=" + ada + "&q=a":      "acme > ",
		"?owner=" + ada + "x":         " > ",
		"?q=%25":                      " > ",
		"?limit=200&cursor=zz":        " > ",
		"?status=active&owner=" + ada: "acme > ",
	} {
		if got := ids(query); got != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	for query, field := range map[string]string{
		"?limit=0": "limit", "?limit=201": "limit", "?limit=x": "limit", "?status=frozen": "status", "?cursor=A": "cursor", "?owner=a%00": "owner",
		"?q=a&q=b": "q", "?state=active": "state", "?q=%ff": "q",
	} {
		h.get(t, "/admin/tenants"+query, asOperator).isProblem(t, 400, "invalid", field)
	}
	h.get(t, "/admin/tenants", h.owner).isProblem(t, 403, "forbidden", "")
	h.get(t, "/admin/tenants").isProblem(t, 401, "unauthenticated", "")
	h.get(t, "/admin/tenants", "Authorization: Bearer stale").isProblem(t, 401, "invalid_token", "")
}

// stewardRoutes are a product's own route for stewards, in net/http and in Echo.
func stewardRoutes(api *httpapi.API) map[string]http.Handler {
	stewardOf := func(ctx context.Context) string {
		steward, ok := httpapi.StewardFrom(ctx)
		return fmt.Sprint(ok, " ", steward.Tenant(), " ", steward.Actor().Kind)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /invoices", api.RequireSteward(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, stewardOf(r.Context()))
	})))
	e := echo.New()
	e.GET("/invoices", func(c echo.Context) error { return c.String(http.StatusOK, stewardOf(c.Request().Context())) }, api.EchoRequireSteward)
	return map[string]http.Handler{"net/http": mux, "Echo": e}
}

func TestAProductsRouteIsForStewards(t *testing.T) {
	h := openAcme(t)
	h.post(t, "/tenants/acme/suspend", `{"reason": "holidays"}`, h.owner).is(t, 200)
	for name, product := range stewardRoutes(httpapi.New(h.config)) {
		t.Run(name, func(t *testing.T) {
			for by, want := range map[string]string{h.owner: "true acme user", asOperator: "true acme operator"} {
				if got := ask(t, product, by, "X-Tenant-ID: acme").is(t, 200); got.body != want {
					t.Errorf("the product sees %s, want %s", got.body, want)
				}
				ask(t, product, by).isProblem(t, 400, domain.CodeTenantRequired, "X-Tenant-ID")
			}
			ask(t, product, h.admin, "X-Tenant-ID: acme").isProblem(t, 404, domain.CodeTenantNotFound, "")
			ask(t, product, "X-Tenant-ID: acme").isProblem(t, 401, "unauthenticated", "")
		})
	}
	if _, ok := httpapi.StewardFrom(t.Context()); ok {
		t.Error("a request that was not let in has a steward")
	}
}
