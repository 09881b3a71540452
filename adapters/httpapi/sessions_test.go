package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func TestSigningIn(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/signup", adaSignsUp).is(t, 201)

	t.Run("answers with tokens in Cognito's words", func(t *testing.T) {
		got := h.post(t, "/auth/signin", adaSignsUp).is(t, 200)
		for _, name := range []string{"AccessToken", "IdToken", "RefreshToken"} {
			if got.field(t, name) == "" {
				t.Errorf("%s is missing", name)
			}
		}
		if got.field(t, "ExpiresIn") != "3600" || got.field(t, "TokenType") != "Bearer" || strings.Contains(got.body, "Challenge") {
			t.Errorf("got %s", got.body)
		}
		if got.header.Get("Cache-Control") != "no-store" {
			t.Error("the tokens may be cached")
		}
	})
	t.Run("with a wrong password is 401, without a Bearer challenge", func(t *testing.T) {
		got := h.post(t, "/auth/signin", `{"email": "ada@acme.example", "password": "wrong horse"}`).isProblem(t, 401, domain.CodeInvalidCredentials, "")
		if got.header.Get("WWW-Authenticate") != "" {
			t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
		}
	})
	t.Run("reads no token", func(t *testing.T) {
		h.post(t, "/auth/signin", adaSignsUp, "Authorization: Bearer stale", "Authorization: Basic x").is(t, 200)
	})
	t.Run("is 503 while the provider is unavailable, never 401", func(t *testing.T) {
		h.identities.Break()
		defer h.identities.Restore()
		h.post(t, "/auth/signin", adaSignsUp).isProblem(t, 503, domain.CodeIdentityProviderUnavailable, "")
	})
}

func TestAChallenge(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
	ada := parse(t, domain.ParseEmail, "ada@acme.example")
	challenge := func(t *testing.T, name string) string {
		t.Helper()
		if err := h.identities.OrderChallenge(t.Context(), ada, name); err != nil {
			t.Fatal(err)
		}
		got := h.post(t, "/auth/signin", adaSignsUp).is(t, 200)
		if got.field(t, "ChallengeName") != name || !strings.HasPrefix(got.field(t, "ChallengeParameters"), "{") || strings.Contains(got.body, "Token") {
			t.Fatalf("got %s", got.body)
		}
		return got.field(t, "Session")
	}
	respond := func(t *testing.T, name, session, responses string) answer {
		t.Helper()
		return h.post(t, "/auth/respond-to-challenge", fmt.Sprintf(`{"email": "ada@acme.example", "challengeName": %q, "session": %q, "responses": %s}`, name, session, responses))
	}

	t.Run("by code is answered with tokens for the code", func(t *testing.T) {
		session := challenge(t, "EMAIL_OTP")
		respond(t, "EMAIL_OTP", session, `{"EMAIL_OTP_CODE": "wrong"}`).isProblem(t, 401, domain.CodeChallengeInvalid, "")
		got := respond(t, "EMAIL_OTP", session, fmt.Sprintf(`{"EMAIL_OTP_CODE": %q}`, h.code(t, "ada@acme.example"))).is(t, 200)
		if got.field(t, "AccessToken") == "" {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("requires a session and its name", func(t *testing.T) {
		respond(t, "", "s", `{}`).isProblem(t, 400, "invalid", "challengeName")
		respond(t, "EMAIL_OTP", "", `{}`).isProblem(t, 400, "invalid", "session")
		respond(t, "EMAIL_OTP", "s", `{"EMAIL_OTP_CODE": 1}`).isProblem(t, 400, "invalid", "responses.EMAIL_OTP_CODE")
		respond(t, "EMAIL_OTP", "s", `{"A": "1", "A": "2"}`).isProblem(t, 400, "invalid", "responses.A")
	})
	t.Run("for a new password is answered with tokens for one", func(t *testing.T) {
		session := challenge(t, "NEW_PASSWORD_REQUIRED")
		respond(t, "NEW_PASSWORD_REQUIRED", session, `{"NEW_PASSWORD": "battery staple"}`).is(t, 200)
		h.post(t, "/auth/signin", `{"email": "ada@acme.example", "password": "battery staple"}`).is(t, 200)
	})
}

func TestRefreshing(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
	signIn := h.post(t, "/auth/signin", adaSignsUp).is(t, 200)
	first := fmt.Sprintf(`{"refreshToken": %q}`, signIn.field(t, "RefreshToken"))

	got := h.post(t, "/auth/refresh", first).is(t, 200)
	if got.field(t, "AccessToken") == "" || got.field(t, "RefreshToken") == signIn.field(t, "RefreshToken") {
		t.Fatalf("got %s", got.body)
	}
	h.get(t, "/auth/me", "Authorization: Bearer "+got.field(t, "AccessToken")).is(t, 200)
	h.post(t, "/auth/refresh", first).is(t, 200) // another tab, at the same moment
	h.clock.pass(10 * time.Second)
	h.post(t, "/auth/refresh", first).isProblem(t, 401, domain.CodeRefreshReused, "")
	h.post(t, "/auth/refresh", `{"refreshToken": "unknown"}`).isProblem(t, 401, domain.CodeRefreshInvalid, "")
	h.post(t, "/auth/refresh", `{"refreshToken": ""}`).isProblem(t, 400, "invalid", "refreshToken")
	h.post(t, "/auth/refresh", `{"RefreshToken": "x"}`).isProblem(t, 400, "invalid", "RefreshToken")
}

func TestSigningOut(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
	signIn := func(t *testing.T) (token, refresh string) {
		got := h.post(t, "/auth/signin", adaSignsUp).is(t, 200)
		return "Authorization: Bearer " + got.field(t, "AccessToken"), fmt.Sprintf(`{"refreshToken": %q}`, got.field(t, "RefreshToken"))
	}

	t.Run("ends the session of the refresh token, and no other", func(t *testing.T) {
		token, refresh := signIn(t)
		_, other := signIn(t)
		if got := h.post(t, "/auth/signout", refresh, token).is(t, 204); got.body != "" {
			t.Errorf("the answer has a body: %q", got.body)
		}
		h.post(t, "/auth/refresh", refresh).is(t, 401)
		h.post(t, "/auth/refresh", other).is(t, 200)
		h.get(t, "/auth/me", token).is(t, 200)
	})
	t.Run("everywhere ends all", func(t *testing.T) {
		token, refresh := signIn(t)
		_, other := signIn(t)
		h.post(t, "/auth/signout", `{"everywhere": true}`, token).is(t, 204)
		h.post(t, "/auth/refresh", refresh).is(t, 401)
		h.post(t, "/auth/refresh", other).is(t, 401)
	})
	t.Run("needs no access token beside the refresh token", func(t *testing.T) {
		for _, headers := range [][]string{nil, {"Authorization: Bearer expired"}, {"Authorization: Basic YTpi"}} {
			_, refresh := signIn(t)
			for range 2 { // the answer says nothing about the token
				if got := h.post(t, "/auth/signout", refresh, headers...).is(t, 204); got.body != "" {
					t.Errorf("the answer has a body: %q", got.body)
				}
			}
			h.post(t, "/auth/refresh", refresh).isProblem(t, 401, domain.CodeRefreshInvalid, "")
		}
		h.post(t, "/auth/signout", `{"refreshToken": "unknown"}`).is(t, 204)
	})
	t.Run("needs an access token to end all sessions, but ends that of the refresh token without one", func(t *testing.T) {
		_, refresh := signIn(t)
		both := strings.Replace(refresh, "}", `, "everywhere": true}`, 1)
		got := h.post(t, "/auth/signout", both, "Authorization: Bearer expired").isProblem(t, 401, domain.CodeInvalidToken, "")
		if got.header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
			t.Errorf("WWW-Authenticate is %q", got.header.Get("WWW-Authenticate"))
		}
		h.post(t, "/auth/refresh", refresh).isProblem(t, 401, domain.CodeRefreshInvalid, "")
	})
	t.Run("requires the sessions to end", func(t *testing.T) {
		token, _ := signIn(t)
		h.post(t, "/auth/signout", `{}`, token).isProblem(t, 400, "invalid", "refreshToken")
		h.post(t, "/auth/signout", `{"everywhere": "true"}`, token).isProblem(t, 400, "invalid", "everywhere")
	})
	t.Run("is for signed-in callers", func(t *testing.T) {
		h.post(t, "/auth/signout", `{"everywhere": true}`).isProblem(t, 401, "unauthenticated", "")
	})
}

func TestMe(t *testing.T) {
	h := open(t)
	ada := h.signIn(t, "ada@acme.example")

	t.Run("has no tenants as an empty list", func(t *testing.T) {
		got := h.get(t, "/auth/me", ada).is(t, 200)
		if got.field(t, "tenants") != "[]" || got.field(t, "email") != "ada@acme.example" || got.field(t, "sub") == "" {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("has the tenants that the caller sees, and the roles in them", func(t *testing.T) {
		h.tenant(t, "acme", "ada@acme.example")
		asleep := h.tenant(t, "asleep", "ada@acme.example")
		beta := h.tenant(t, "beta", "bob@beta.example")
		if err := h.db.SetStatus(asleep, domain.Suspended); err != nil {
			t.Fatal(err)
		}
		h.join(t, beta, "ada@acme.example", domain.RoleViewer)
		got := h.get(t, "/auth/me", ada).is(t, 200).field(t, "tenants")
		if want := `[{"name":"acme","role":"owner","status":"active","tenantId":"acme"},{"name":"asleep","role":"owner","status":"suspended","tenantId":"asleep"},{"name":"beta","role":"viewer","status":"active","tenantId":"beta"}]`; got != want {
			t.Errorf("got %s", got)
		}
	})
	t.Run("has no address while the provider is unavailable", func(t *testing.T) {
		h.identities.Break()
		defer h.identities.Restore()
		if got := h.get(t, "/auth/me", ada).is(t, 200); strings.Contains(got.body, "email") {
			t.Errorf("got %s", got.body)
		}
	})
}
