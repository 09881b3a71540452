package httpapi_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
)

// routesOf are a product's route GET /invoices for members, in net/http and in Echo, each
// once behind one middleware of ours and once behind two. serve is its handler.
func routesOf(api *httpapi.API, serve http.HandlerFunc) map[string]http.Handler {
	once := http.NewServeMux()
	once.Handle("GET /invoices", api.RequireMember(serve))
	twice := http.NewServeMux()
	twice.Handle("GET /invoices", api.RequireMember(api.RequireMember(serve)))
	stewards := http.NewServeMux()
	stewards.Handle("GET /invoices", api.RequireSteward(serve))
	byEcho := func(middlewares ...echo.MiddlewareFunc) http.Handler {
		e := echo.New()
		e.HTTPErrorHandler = api.EchoErrorHandler
		e.GET("/invoices", func(c echo.Context) error { serve(c.Response(), c.Request()); return nil }, middlewares...)
		return e
	}
	return map[string]http.Handler{
		"net/http":               once,
		"net/http, counted once": twice,
		"net/http, stewards":     stewards,
		"Echo":                   byEcho(api.EchoRequireMember),
		"Echo, counted once":     byEcho(api.EchoRequireMember, api.EchoRequireMember),
		"Echo, stewards":         byEcho(api.EchoRequireSteward),
	}
}

func (h *installation) limit(t *testing.T, id, body string) answer {
	t.Helper()
	return h.send(t, http.MethodPatch, "/admin/tenants/"+id+"/limits", body, asOperator)
}

func TestATenantsRequestsInFlightAreLimited(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	h.tenant(t, "bolt", "bob@bolt.example")
	ada, bob := h.signIn(t, "ada@acme.example"), h.signIn(t, "bob@bolt.example")
	h.limit(t, "acme", `{"maxRequests": 1}`).is(t, 200)
	during := func() {} // runs while a request of acme is in flight
	for name, product := range routesOf(httpapi.New(h.config), func(http.ResponseWriter, *http.Request) { during() }) {
		t.Run(name, func(t *testing.T) {
			served := false
			during = func() {
				served = true
				during = func() { t.Error("a request beyond the limit is served") }
				got := ask(t, product, ada, "X-Tenant-ID: acme").isProblem(t, 429, domain.CodeTenantBusy, "")
				if got.header.Get("Retry-After") == "" {
					t.Error("the 429 does not say when to try again")
				}
				h.mustBeBusy(t, ada)
				during = func() {}
				ask(t, product, bob, "X-Tenant-ID: bolt").is(t, 200)
				ask(t, product, bob, "X-Tenant-ID: acme").is(t, 404)
				h.get(t, "/", "X-Tenant-ID: acme").is(t, 200)
				h.get(t, "/admin/tenants/acme", asOperator).is(t, 200)
				h.get(t, "/admin/tenants/acme/members", asOperator).is(t, 200)
			}
			ask(t, product, ada, "X-Tenant-ID: acme").is(t, 200)
			if !served {
				t.Error("the first request is not served")
			}
			during = func() {}
			ask(t, product, ada, "X-Tenant-ID: acme").is(t, 200)
			h.get(t, "/files", ada, "X-Tenant-ID: acme").is(t, 200)
		})
	}
}

// mustBeBusy fails unless each kind of route of our own refuses the members of acme.
func (h *installation) mustBeBusy(t *testing.T, member string) {
	t.Helper()
	for _, route := range []struct{ method, path, body string }{
		{http.MethodGet, "/files", ""},
		{http.MethodPost, "/files/upload-url", `{"filename": "a.txt"}`},
		{http.MethodGet, "/tenants/acme", ""},
		{http.MethodPatch, "/tenants/acme", `{"name": "Acme"}`},
		{http.MethodGet, "/tenants/acme/members", ""},
		{http.MethodPost, "/tenants/acme/invitations", `{"email": "c@acme.example", "role": "member"}`},
		{http.MethodPost, "/tenants/acme/leave", `{}`},
	} {
		h.send(t, route.method, route.path, route.body, member, "X-Tenant-ID: acme").isProblem(t, 429, domain.CodeTenantBusy, "")
	}
}

func TestARequestCountsUntilItsHandlerEnds(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	ada := h.signIn(t, "ada@acme.example")
	h.limit(t, "acme", `{"maxRequests": 1}`).is(t, 200)
	waits := make(chan struct{}, 1)
	for name, serve := range map[string]http.HandlerFunc{
		"a panic":  func(http.ResponseWriter, *http.Request) { panic("a handler's") },
		"an abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a caller who hangs up": func(_ http.ResponseWriter, r *http.Request) {
			waits <- struct{}{}
			<-r.Context().Done()
		},
		"a hijacked connection": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = conn.Close() }) // the handler ends first
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		},
	} {
		for route, product := range routesOf(httpapi.New(h.config), serve) {
			t.Run(name+" in "+route, func(t *testing.T) {
				ended := make(chan struct{})
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					defer close(ended)
					product.ServeHTTP(w, r)
				}))
				server.Config.ErrorLog = log.New(io.Discard, "", 0)
				server.Start()
				defer server.CloseClientConnections()
				ctx, hangUp := context.WithCancel(t.Context())
				defer hangUp()
				go func() {
					select {
					case <-waits:
						hangUp()
					case <-ctx.Done():
					}
				}()
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/invoices", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Authorization", strings.TrimPrefix(ada, "Authorization: "))
				r.Header.Set("X-Tenant-Id", "acme")
				if answer, err := server.Client().Do(r); err == nil {
					_ = answer.Body.Close()
				}
				<-ended
				h.get(t, "/files", ada, "X-Tenant-ID: acme").is(t, 200)
			})
		}
	}
}

func TestTheOperatorSetsLimits(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	h.join(t, domain.Must(domain.ParseTenantID("acme")), "bob@acme.example", domain.RoleAdmin)
	ada, bob := h.signIn(t, "ada@acme.example"), h.signIn(t, "bob@acme.example")
	limitsOf := func(t *testing.T, a answer) string {
		t.Helper()
		var body struct{ Limits json.RawMessage }
		if err := json.Unmarshal([]byte(a.body), &body); err != nil {
			t.Fatal(err)
		}
		return string(body.Limits)
	}
	mustHave := func(t *testing.T, want string) {
		t.Helper()
		for _, a := range []answer{h.get(t, "/admin/tenants/acme", asOperator), h.get(t, "/tenants/acme", ada)} {
			if got := limitsOf(t, a.is(t, 200)); got != want {
				t.Errorf("the limits are %s, want %s", got, want)
			}
		}
		if got := limitsOf(t, h.get(t, "/tenants/acme", bob).is(t, 200)); got != "" {
			t.Errorf("an admin sees the limits %s", got)
		}
	}
	mustHave(t, "")
	h.limit(t, "acme", `{"maxRequests": 5}`).is(t, 200)
	mustHave(t, `{"maxRequests":5}`)
	h.limit(t, "acme", `{"maxConnections": 2}`).is(t, 200)
	mustHave(t, `{"maxRequests":5,"maxConnections":2}`)
	h.limit(t, "acme", `{"maxRequests": null}`).is(t, 200)
	mustHave(t, `{"maxConnections":2}`)
	for body, field := range map[string]string{
		`{"maxRequests": 0}`: "maxRequests", `{"maxRequests": -1}`: "maxRequests", `{"maxRequests": 1.5}`: "maxRequests", `{"maxRequests": "5"}`: "maxRequests",
		`{"maxConnections": 0}`: "maxConnections", `{"maxConnections": 1000001}`: "maxConnections", `{"max": 1}`: "max",
	} {
		h.limit(t, "acme", body).isProblem(t, 400, "invalid", field)
	}
	mustHave(t, `{"maxConnections":2}`)
	tag := h.get(t, "/tenants/acme", ada).header.Get("ETag")
	h.send(t, http.MethodPatch, "/admin/tenants/acme/limits", `{"maxRequests": 9}`, asOperator, "If-Match: "+tag).is(t, 200)
	h.send(t, http.MethodPatch, "/admin/tenants/acme/limits", `{"maxRequests": 8}`, asOperator, "If-Match: "+tag).isProblem(t, 412, domain.CodeTenantChanged, "")
	h.send(t, http.MethodPatch, "/admin/tenants/acme/limits", `{"maxRequests": 9}`, ada).isProblem(t, 403, "forbidden", "")
	h.limit(t, "unknown", `{"maxRequests": 9}`).isProblem(t, 404, domain.CodeTenantNotFound, "")
	mustHave(t, `{"maxRequests":9,"maxConnections":2}`)
	changed := 0
	for _, event := range h.events(t) {
		if event.Kind == domain.EventTenantLimited {
			changed++
		}
	}
	if changed != 4 {
		t.Errorf("%d events of changed limits, want 4", changed)
	}
}
