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
	"github.com/partywall-go/partywall/ports"
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

func TestAManagerBuildsTheTeam(t *testing.T) {
	acme := apptest.OpenMemory(t, &config)
	page := post(acme, acme.Owner, "/team", url.Values{"role": {"viewer"}})
	page.is(t, http.StatusOK, "by link: viewer")
	_, token, _ := strings.Cut(page.Body.String(), "/invitations/accept?token=")
	token, _, _ = strings.Cut(token, `"`)
	bob := acme.SignUp(t)
	bobs := caller(t, acme, bob)
	if _, err := acme.Invitations.Accept(t.Context(), limits.Address{}, bobs, domain.NewSecret(token)); err != nil {
		t.Fatal(err)
	}
	viewer := apptest.User{Member: domain.Must(acme.Access.Admit(t.Context(), bob.Identity, acme.ID)), Token: bobs.Token().Reveal()}
	add(t, acme, viewer, "Bricks", "1200").is(t, http.StatusForbidden, "may not write invoices")
	get(acme, viewer, "/team").is(t, http.StatusForbidden, "may not manage members")
	get(acme, acme.Owner, "/team").is(t, http.StatusOK, bob.Identity.Subject()+": viewer, active")

	path := "/team/" + bob.Identity.Subject()
	post(acme, acme.Owner, path, url.Values{"role": {"admin"}}).is(t, http.StatusSeeOther, "")
	post(acme, viewer, "/team", url.Values{"role": {"owner"}}).is(t, http.StatusForbidden, "role_too_low")
	post(acme, viewer, "/team", url.Values{"role": {"member"}, "email": {"not an address"}}).is(t, http.StatusBadRequest, `"field":"email"`)
	post(acme, acme.Owner, path, url.Values{}).is(t, http.StatusSeeOther, "")
	get(acme, viewer, "/team").is(t, http.StatusNotFound, "tenant_not_found")
}

// caller returns the user of the account, who is signed in.
func caller(t *testing.T, x *apptest.Tenant, account apptest.Account) ports.Caller {
	t.Helper()
	signed, err := x.Identities.SignIn(t.Context(), limits.Address{}, account.Email, account.Password)
	if err != nil {
		t.Fatal(err)
	}
	var found ports.Caller
	keep := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { found, _ = app.CallerFrom(r.Context()) })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	apptest.User{Token: signed.Tokens.Access.Reveal()}.Authorize(r)
	x.RequireUser(keep).ServeHTTP(httptest.NewRecorder(), r)
	return found
}

func get(x *apptest.Tenant, u apptest.User, path string) answer {
	return send(x, u, httptest.NewRequest(http.MethodGet, "http://"+x.ID.String()+".localhost"+path, nil))
}

func post(x *apptest.Tenant, u apptest.User, path string, form url.Values) answer {
	r := httptest.NewRequest(http.MethodPost, "http://"+x.ID.String()+".localhost"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(x, u, r)
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
