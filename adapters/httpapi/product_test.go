package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
)

// products are a product's own route, in net/http and in Echo, that answers with
// the caller, or fails with the error that is set.
func products(api *httpapi.API, fail error) map[string]http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /invoices", api.RequireMember(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fail != nil {
			api.WriteProblem(w, r, fail)
			return
		}
		_, _ = io.WriteString(w, whoAsks(r.Context()))
	})))
	e := echo.New()
	e.HTTPErrorHandler = api.EchoErrorHandler
	e.GET("/invoices", func(c echo.Context) error {
		if fail != nil {
			return fail
		}
		return c.String(http.StatusOK, whoAsks(c.Request().Context()))
	}, api.EchoRequireMember)
	return map[string]http.Handler{"net/http": mux, "Echo": e}
}

func whoAsks(ctx context.Context) string {
	member, ok := httpapi.MemberFrom(ctx)
	return fmt.Sprint(ok, " ", member.Tenant(), " ", member.Role())
}

func TestAProductsRouteIsForMembers(t *testing.T) {
	h := open(t, func(h *installation) { h.config.Resolve = httpapi.Subdomain("shop.io") })
	h.tenant(t, "acme", "ada@acme.example")
	h.tenant(t, "beta", "bob@beta.example")
	ada, bob := h.signIn(t, "ada@acme.example"), h.signIn(t, "bob@beta.example")
	for name, product := range products(httpapi.New(h.config), nil) {
		t.Run(name, func(t *testing.T) {
			ask := func(headers ...string) answer { return ask(t, product, headers...) }
			if got := ask(ada).is(t, 200); got.body != "true acme owner" {
				t.Errorf("the product sees %s", got.body)
			}
			ask(ada, "Host: acme.shop.io").is(t, 200)
			ask(bob, "Host: beta.shop.io", "X-Tenant-ID: beta").is(t, 200)
			ask(bob, "Host: acme.shop.io").isProblem(t, 404, domain.CodeTenantNotFound, "")
			ask(ada, "X-Tenant-ID: beta").isProblem(t, 404, domain.CodeTenantNotFound, "")
			ask(ada, "Host: acme.shop.io", "X-Tenant-ID: beta").isProblem(t, 400, "invalid", "X-Tenant-ID")
			ask(ada, "Host: Ac_me.shop.io").isProblem(t, 400, "invalid", "Host")
			if got := ask().isProblem(t, 401, "unauthenticated", ""); got.header.Get("WWW-Authenticate") != "Bearer" {
				t.Error("the 401 does not say how to sign in")
			}
			if got := ask("Authorization: Bearer x.y.z").isProblem(t, 401, domain.CodeInvalidToken, ""); got.header.Get("WWW-Authenticate") == "" {
				t.Error("the 401 does not say what is wrong")
			}
			if got := ask("X-Request-ID: mine"); got.header.Get("X-Request-ID") != "mine" {
				t.Errorf("the request's ID is %s", got.header.Get("X-Request-ID"))
			}
		})
	}
	if _, ok := httpapi.MemberFrom(t.Context()); ok {
		t.Error("a request that was not let in has a member")
	}
}

func TestAProductsRouteIsForSignedInUsers(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	api := httpapi.New(h.config)
	mux := http.NewServeMux()
	mux.Handle("GET /invoices", api.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, callerOf(r.Context()))
	})))
	mux.Handle("GET /members", api.RequireMember(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, callerOf(r.Context()))
	})))
	e := echo.New()
	e.GET("/invoices", func(c echo.Context) error { return c.String(http.StatusOK, callerOf(c.Request().Context())) }, api.EchoRequireUser)
	for name, product := range map[string]http.Handler{"net/http": mux, "Echo": e} {
		t.Run(name, func(t *testing.T) {
			for _, address := range []string{"ada@acme.example", "newcomer@acme.example"} {
				caller := h.caller(t, address)
				got := ask(t, product, "Authorization: Bearer "+caller.Token().Reveal()).is(t, 200)
				if got.body != "true "+caller.Identity().Subject() {
					t.Errorf("%s is seen as %s", address, got.body)
				}
				if !strings.Contains(h.log.String(), caller.Identity().Subject()) {
					t.Errorf("the log has no line of %s", address)
				}
			}
			if got := ask(t, product).isProblem(t, 401, "unauthenticated", ""); got.header.Get("WWW-Authenticate") != "Bearer" {
				t.Error("the 401 does not say how to sign in")
			}
			ask(t, product, "Authorization: Bearer x.y.z").isProblem(t, 401, domain.CodeInvalidToken, "")
		})
	}
	t.Run("and a member's route has the caller, too", func(t *testing.T) {
		caller := h.caller(t, "ada@acme.example")
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/members", nil)
		r.Header.Set("Authorization", "Bearer "+caller.Token().Reveal())
		recorder := httptest.NewRecorder()
		mux.ServeHTTP(recorder, r)
		if recorder.Body.String() != "true "+caller.Identity().Subject() {
			t.Errorf("it sees %s", recorder.Body)
		}
	})
	if _, ok := httpapi.CallerFrom(t.Context()); ok {
		t.Error("a request that was not let in has a caller")
	}
}

func callerOf(ctx context.Context) string {
	caller, ok := httpapi.CallerFrom(ctx)
	return fmt.Sprint(ok, " ", caller.Identity().Subject())
}

func TestAProductsErrorsBecomeProblems(t *testing.T) {
	cases := []struct {
		err    error
		status int
		code   domain.Code
		field  string
	}{
		{domain.Invalidf("cents", "an amount is not negative"), 400, "invalid", "cents"},
		{fmt.Errorf("book it: %w", &domain.Error{Kind: domain.Unavailable, Message: "cannot reach the database"}), 503, "unavailable", ""},
		{errors.New("the password of the ledger is hunter2"), 500, "internal", ""},
		{context.DeadlineExceeded, 503, "unavailable", ""},
	}
	for _, c := range cases {
		h := open(t)
		h.tenant(t, "acme", "ada@acme.example")
		for name, product := range products(httpapi.New(h.config), c.err) {
			got := ask(t, product, h.signIn(t, "ada@acme.example")).isProblem(t, c.status, c.code, c.field)
			if strings.Contains(got.body, "hunter2") {
				t.Errorf("%s: the answer reveals the error: %s", name, got.body)
			}
			if id := got.header.Get("X-Request-ID"); c.status == 500 && !strings.Contains(h.log.String(), id) {
				t.Errorf("%s: the log has no line of request %s", name, id)
			}
		}
	}
	t.Run("and Echo's own errors stay unchanged, except those of its router", func(t *testing.T) {
		h := open(t)
		h.tenant(t, "acme", "ada@acme.example")
		product := products(httpapi.New(h.config), echo.NewHTTPError(http.StatusTeapot, "short and stout"))["Echo"]
		if got := ask(t, product, h.signIn(t, "ada@acme.example")).is(t, 418); !strings.Contains(got.body, "short and stout") {
			t.Errorf("the answer is %s", got.body)
		}
		recorder := httptest.NewRecorder()
		product.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nothing", nil))
		answer{recorder.Code, recorder.Header(), recorder.Body.String()}.isProblem(t, 404, "not_found", "")
	})
}

func TestWhichTenantAHostNames(t *testing.T) {
	resolve := httpapi.Subdomain("shop.io")
	for host, want := range map[string]string{
		"acme.shop.io": "acme", "ACME.Shop.IO": "acme", "acme.shop.io.": "acme", "acme.shop.io:8443": "acme", "a-1.shop.io:80": "a-1",
		"shop.io": "", "shop.io:443": "", "www.shop.io": "", "api.shop.io": "", "example.com": "", "acmeshop.io": "", "acme.shop.io.evil.com": "",
		"127.0.0.1:3000": "", "[::1]:3000": "", "": "",
		"a.b.shop.io": "refused", ".shop.io": "refused", "-.shop.io": "refused", "tenant_acme.shop.io": "refused", "xn--ls8h-.shop.io": "refused", "ácme.shop.io": "refused",
	} {
		id, err := resolve(&http.Request{Host: host})
		switch {
		case want == "refused" && err == nil:
			t.Errorf("%q names %q", host, id)
		case want != "refused" && (err != nil || id.String() != want):
			t.Errorf("%q names %q, %v; want %q", host, id, err, want)
		}
	}
	for _, base := range []string{"", ".", "shop.io.", "https://shop.io", "shop.io:80", "Shop.io", "*.shop.io", "shop io"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is taken for a base", base)
				}
			}()
			httpapi.Subdomain(base)
		}()
	}
}

// ask asks a product for its invoices. Each of headers is "Name: value".
func ask(t *testing.T, product http.Handler, headers ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/invoices", nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	product.ServeHTTP(recorder, r)
	return answer{recorder.Code, recorder.Header(), recorder.Body.String()}
}
