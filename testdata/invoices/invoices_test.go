package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
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
