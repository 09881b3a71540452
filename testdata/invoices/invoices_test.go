package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
)

var config = product(app.Config{})

func TestATenantSeesItsOwnInvoices(t *testing.T) {
	t.Parallel()
	acme := apptest.Open(t, &config)
	beta := acme.Another(t)
	add(t, acme, acme.Owner, "Bricks & <mortar>", "1200").is(t, http.StatusSeeOther, "")
	if err := bill(t.Context(), acme.Partywall); err != nil {
		t.Fatal(err)
	}
	show(t, acme.Owner, acme).is(t, http.StatusOK, "Bricks &amp; &lt;mortar&gt;: 1200")
	show(t, acme.Owner, acme).is(t, http.StatusOK, "Partywall starter: 900")
	if page := show(t, beta.Owner, beta); strings.Contains(page.Body.String(), "Bricks") {
		t.Error("the neighbour sees acme's invoice")
	}
}

func TestWhoIsntAMemberSeesNothing(t *testing.T) { // on memory: it needs no SQL
	acme := apptest.OpenMemory(t, &config)
	beta := acme.Another(t)
	stranger := apptest.User{Member: acme.Owner.Member, Token: beta.Owner.Token}
	show(t, stranger, acme).is(t, http.StatusNotFound, "tenant_not_found")
	show(t, apptest.User{Member: acme.Owner.Member}, acme).is(t, http.StatusUnauthorized, "invalid_token")
	add(t, acme, acme.Owner, "Bricks", "-1").is(t, http.StatusBadRequest, `"field":"cents"`)
}

func TestSigningInIsLimited(t *testing.T) {
	acme := apptest.OpenMemory(t, &config)
	email, password := domain.Must(domain.ParseEmail("ada@acme.example")), domain.NewSecret("correct horse battery")
	if _, err := acme.Identities.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: email, Password: password}); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for range 400 {
		if signIn(t, acme, "192.0.2.1", "wrong horse battery").Code != http.StatusTooManyRequests {
			tried++
		}
	}
	if tried > 4*identities.RequestsPerEmail { // a slow machine earns one more every 6 s
		t.Errorf("%d of 400 guesses were tried", tried)
	}
	signIn(t, acme, "192.0.2.2", password.Reveal()).is(t, http.StatusSeeOther, "")
}

func TestTheCookieSignsIn(t *testing.T) {
	acme := apptest.OpenMemory(t, &config)
	email, password := domain.Must(domain.ParseEmail("ada@acme.example")), domain.NewSecret("correct horse battery")
	if _, err := acme.Identities.SignUp(t.Context(), limits.Address{}, identities.SignUp{Email: email, Password: password}); err != nil {
		t.Fatal(err)
	}
	cookies := signIn(t, acme, "192.0.2.1", password.Reveal()).Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("the cookies are %v", cookies)
	}
	c := cookies[0]
	if c.Name != "__Host-token" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("the cookie is %v", c)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
	r.AddCookie(c)
	w := httptest.NewRecorder()
	routes(acme.Partywall).ServeHTTP(w, r)
	answer{w}.is(t, http.StatusBadRequest, "tenant_required") // signed in, and a member of no tenant
}

func signIn(t *testing.T, x *apptest.Tenant, ip, password string) answer {
	form := url.Values{"email": {"ada@acme.example"}, "password": {password}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/signin", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = ip + ":4000"
	w := httptest.NewRecorder()
	routes(x.Partywall).ServeHTTP(w, r)
	return answer{w}
}

type answer struct{ *httptest.ResponseRecorder }

func (a answer) is(t *testing.T, status int, part string) {
	t.Helper()
	if a.Code != status || !strings.Contains(a.Body.String(), part) {
		t.Errorf("got %d %s, want %d with %s", a.Code, a.Body, status, part)
	}
}

func add(t *testing.T, x *apptest.Tenant, u apptest.User, text, cents string) answer {
	form := url.Values{"text": {text}, "cents": {cents}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/invoices", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(x, u, r)
}

func show(t *testing.T, u apptest.User, x *apptest.Tenant) answer {
	return send(x, u, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+x.ID.String()+".localhost/", nil))
}

func send(x *apptest.Tenant, u apptest.User, r *http.Request) answer {
	u.Authorize(r)
	w := httptest.NewRecorder()
	routes(x.Partywall).ServeHTTP(w, r)
	return answer{w}
}
