package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// readers are the routes that read a token, with a body that they take.
var readers = []struct{ method, path, body string }{
	{"GET", "/auth/me", ""},
	{"POST", "/auth/signout", `{"everywhere": true}`},
	{"POST", "/auth/tenants", `{"tenantId": "fresh"}`},
	{"POST", "/tenants/acme/claim", `{"claimToken": "x"}`},
	{"POST", "/files/upload-url", `{"filename": "a"}`},
	{"GET", "/files/download-url?filename=a", ""},
}

func TestEveryRouteThatReadsAToken(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	ada := h.signIn(t, "ada@acme.example")
	token := strings.TrimPrefix(ada, "Authorization: Bearer ")

	for _, route := range readers {
		t.Run(route.method+" "+route.path, func(t *testing.T) {
			send := func(headers ...string) answer { return h.send(t, route.method, route.path, route.body, headers...) }
			refused := func(code domain.Code, challenge string, headers ...string) {
				t.Helper()
				got := send(headers...).isProblem(t, 401, code, "")
				if got.header.Get("WWW-Authenticate") != challenge {
					t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
				}
			}
			const invalid = `Bearer error="invalid_token"`
			refused(domain.CodeInvalidToken, invalid, "Authorization: Bearer bad")
			refused(domain.CodeInvalidToken, invalid, "Authorization: Bearer "+token+"x")
			refused(domain.CodeInvalidToken, invalid, "Authorization: Bearer "+token+", Bearer "+token)
			refused(domain.CodeInvalidToken, invalid, "Authorization: Bearer "+strings.Repeat("a", 17<<10))
			refused(domain.CodeInvalidToken, invalid, "Authorization: Bearer")
			refused("unauthenticated", "Bearer", "Authorization: Basic YTpi")
			refused("unauthenticated", "Bearer", "Authorization: "+token)
			if route.path != "/auth/tenants" {
				refused("unauthenticated", "Bearer")
				refused(domain.CodeInvalidToken, invalid, asOperator)
			}
			send(ada, ada).isProblem(t, 400, "invalid", "Authorization")
			send(ada, asOperator).isProblem(t, 400, "invalid", "Authorization")
		})
	}
}

func TestATokenIsReadFromTheHeaderAlone(t *testing.T) {
	h := open(t)
	token := h.caller(t, "ada@acme.example").Token().Reveal()
	h.get(t, "/auth/me?access_token="+token).isProblem(t, 401, "unauthenticated", "")
	h.get(t, "/auth/me", "Cookie: access_token="+token, "X-Access-Token: "+token, "Proxy-Authorization: Bearer "+token).is(t, 401)
	h.post(t, "/auth/signout", `{"everywhere": true, "access_token": "`+token+`"}`).is(t, 401)
	h.get(t, "/auth/me", "authorization: bEARER "+token).is(t, 200)
}

func TestATokenThatHasExpiredIsBad(t *testing.T) {
	h := open(t)
	ada := h.signIn(t, "ada@acme.example")
	h.get(t, "/auth/me", ada).is(t, 200)
	h.clock.pass(2 * time.Hour)
	h.get(t, "/auth/me", ada).isProblem(t, 401, domain.CodeInvalidToken, "")
}

func TestAWrongBodyDoesNotHideABadToken(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/tenants", `{`, "Authorization: Bearer bad").is(t, 401)
	h.post(t, "/files/upload-url", `{`, "Authorization: Bearer bad").is(t, 401)
}
