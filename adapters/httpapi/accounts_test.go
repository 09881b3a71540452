package httpapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/idp/idptest"
	"github.com/partywall-go/partywall/domain"
)

const (
	adaSignsUp = `{"email": "ada@acme.example", "password": "correct horse"}`
	adaAlone   = `{"email": "ada@acme.example"}`
)

// code returns the code that was mailed to the address.
func (h *installation) code(t *testing.T, address string) string {
	t.Helper()
	return h.identities.Code(parse(t, domain.ParseEmail, address)).Reveal()
}

func needsConfirmation(h *installation) { h.identities.Change(idptest.RequireConfirmation) }

func TestSigningUp(t *testing.T) {
	t.Run("answers in Cognito's words where the code was sent", func(t *testing.T) {
		h := open(t, needsConfirmation)
		got := h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		if got.field(t, "UserSub") == "" || got.field(t, "UserConfirmed") != "false" {
			t.Errorf("got %s", got.body)
		}
		delivery := got.field(t, "CodeDeliveryDetails")
		if !strings.Contains(delivery, `"AttributeName":"email"`) || !strings.Contains(delivery, `"DeliveryMedium":"EMAIL"`) || !strings.Contains(delivery, `"Destination":"a`) {
			t.Errorf("CodeDeliveryDetails is %s", delivery)
		}
	})
	t.Run("has no delivery where no code was sent", func(t *testing.T) {
		h := open(t)
		if got := h.post(t, "/auth/signup", adaSignsUp).is(t, 201); strings.Contains(got.body, "Delivery") {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("is refused", func(t *testing.T) {
		h := open(t)
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		for _, test := range []struct {
			when, body string
			status     int
			code       domain.Code
			field      string
		}{
			{"for a taken address in other letters", `{"email": "ADA@acme.example", "password": "correct horse"}`, 409, domain.CodeUserExists, "email"},
			{"for a weak password", `{"email": "bob@acme.example", "password": "short"}`, 422, domain.CodePasswordPolicy, "password"},
			{"for an endless password", `{"email": "bob@acme.example", "password": "` + strings.Repeat("a", 257) + `"}`, 400, "invalid", "password"},
			{"without a password", `{"email": "bob@acme.example"}`, 400, "invalid", "password"},
			{"without an address", `{"password": "correct horse"}`, 400, "invalid", "email"},
			{"for text that is no address", `{"email": "bob", "password": "correct horse"}`, 400, "invalid", "email"},
			{"with a wrong claim", `{"email": "bob@acme.example", "password": "correct horse", "claimToken": "wrong"}`, 400, domain.CodeClaimInvalid, "claimToken"},
			{"with a role", `{"email": "bob@acme.example", "password": "correct horse", "role": "owner"}`, 400, "invalid", "role"},
			{"with a tenant", `{"email": "bob@acme.example", "password": "correct horse", "tenantId": "acme"}`, 400, "invalid", "tenantId"},
			{"with an unknown invitation", `{"email": "bob@acme.example", "password": "correct horse", "invitationToken": "x"}`, 404, domain.CodeInvitationInvalid, "invitationToken"},
		} {
			t.Run(test.when, func(t *testing.T) {
				h.post(t, "/auth/signup", test.body).isProblem(t, test.status, test.code, test.field)
			})
		}
	})
	t.Run("that fails leaves the claim unspent", func(t *testing.T) {
		h := open(t)
		token := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).field(t, "claimToken")
		h.post(t, "/auth/signup", fmt.Sprintf(`{"email": "ada@acme.example", "password": "short", "claimToken": %q}`, token)).is(t, 422)
		h.post(t, "/tenants/acme/claim", fmt.Sprintf(`{"claimToken": %q}`, token), h.signIn(t, "bob@acme.example")).is(t, 200)
	})
}

func TestVerifyingAnAddress(t *testing.T) {
	h := open(t, needsConfirmation)
	h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
	h.post(t, "/auth/signin", adaSignsUp).isProblem(t, 403, domain.CodeUserNotConfirmed, "")
	h.post(t, "/auth/resend-code", adaAlone).is(t, 202)
	body := fmt.Sprintf(`{"email": "ada@acme.example", "code": %q}`, h.code(t, "ada@acme.example"))

	t.Run("requires the code that was sent", func(t *testing.T) {
		h.post(t, "/auth/verify-email", `{"email": "ada@acme.example", "code": "wrong"}`).isProblem(t, 400, domain.CodeCodeInvalid, "code")
		h.post(t, "/auth/verify-email", adaAlone).isProblem(t, 400, "invalid", "code")
	})
	t.Run("lets the user sign in", func(t *testing.T) {
		h.post(t, "/auth/verify-email", body).is(t, 200)
		h.post(t, "/auth/signin", adaSignsUp).is(t, 200)
	})
	t.Run("works once", func(t *testing.T) {
		h.post(t, "/auth/verify-email", body).isProblem(t, 400, domain.CodeCodeInvalid, "code")
	})
}

func TestNoAnswerRevealsWhetherThereIsAnAccount(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
	same := func(t *testing.T, path, known, unknown string, status int) {
		t.Helper()
		a := h.post(t, path, known, "X-Request-ID: one").is(t, status)
		b := h.post(t, path, unknown, "X-Request-ID: one").is(t, status)
		if a.body != b.body {
			t.Errorf("with an account the answer is %s, without one %s", a.body, b.body)
		}
	}
	t.Run("by asking for a code", func(t *testing.T) {
		same(t, "/auth/resend-code", adaAlone, `{"email": "nobody@acme.example"}`, 202)
	})
	t.Run("by forgetting a password", func(t *testing.T) {
		same(t, "/auth/forgot-password", adaAlone, `{"email": "nobody@acme.example"}`, 202)
	})
	t.Run("by signing in", func(t *testing.T) {
		same(t, "/auth/signin", `{"email": "ada@acme.example", "password": "wrong horse"}`, `{"email": "nobody@acme.example", "password": "wrong horse"}`, 401)
	})
	t.Run("by resetting a password", func(t *testing.T) {
		same(t, "/auth/reset-password", `{"email": "ada@acme.example", "code": "1", "newPassword": "battery staple"}`, `{"email": "nobody@acme.example", "code": "1", "newPassword": "battery staple"}`, 400)
	})
}

func TestResettingAPassword(t *testing.T) {
	h := open(t)
	h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
	h.post(t, "/auth/forgot-password", adaAlone).is(t, 202)
	reset := `{"email": "ada@acme.example", "code": "` + h.code(t, "ada@acme.example") + `", "newPassword": %q}`

	h.post(t, "/auth/reset-password", fmt.Sprintf(reset, "short")).isProblem(t, 422, domain.CodePasswordPolicy, "newPassword")
	h.post(t, "/auth/reset-password", fmt.Sprintf(reset, "")).isProblem(t, 400, "invalid", "newPassword")
	h.post(t, "/auth/reset-password", fmt.Sprintf(reset, "battery staple")).is(t, 200)
	h.post(t, "/auth/signin", adaSignsUp).isProblem(t, 401, domain.CodeInvalidCredentials, "")
	h.post(t, "/auth/signin", `{"email": "ada@acme.example", "password": "battery staple"}`).is(t, 200)
}

func TestASquatterDoesNotKeepAnAddress(t *testing.T) {
	squat := func(t *testing.T) *installation {
		h := open(t, needsConfirmation)
		h.post(t, "/auth/signup", `{"email": "ada@acme.example", "password": "squatter's horse"}`, "X-Forwarded-For: 198.51.100.1").is(t, 201)
		return h
	}
	signsInAlone := func(t *testing.T, h *installation) {
		t.Helper()
		h.post(t, "/auth/signin", `{"email": "ada@acme.example", "password": "squatter's horse"}`, "X-Forwarded-For: 198.51.100.1").isProblem(t, 401, domain.CodeInvalidCredentials, "")
		h.post(t, "/auth/signin", adaSignsUp).is(t, 200)
	}
	t.Run("whose owner signs up", func(t *testing.T) {
		h := squat(t)
		stale := h.code(t, "ada@acme.example")
		h.post(t, "/auth/signup", adaSignsUp).is(t, 201)
		h.post(t, "/auth/verify-email", `{"email": "ada@acme.example", "code": "`+stale+`"}`).isProblem(t, 400, domain.CodeCodeInvalid, "code")
		h.post(t, "/auth/verify-email", `{"email": "ada@acme.example", "code": "`+h.code(t, "ada@acme.example")+`"}`).is(t, 200)
		signsInAlone(t, h)
	})
	t.Run("whose owner signs up with a claim", func(t *testing.T) {
		h := squat(t)
		claim := h.post(t, "/auth/tenants", `{"tenantId": "acme"}`).is(t, 201).field(t, "claimToken")
		h.post(t, "/auth/signup", `{"email": "ada@acme.example", "password": "correct horse", "claimToken": "`+claim+`"}`).is(t, 201)
		h.post(t, "/auth/verify-email", `{"email": "ada@acme.example", "code": "`+h.code(t, "ada@acme.example")+`"}`).is(t, 200)
		signsInAlone(t, h)
		token := h.post(t, "/auth/signin", adaSignsUp).is(t, 200).field(t, "AccessToken")
		if got := h.get(t, "/auth/me", "Authorization: Bearer "+token).is(t, 200); !strings.Contains(got.body, `"acme"`) {
			t.Errorf("got %s", got.body)
		}
	})
	t.Run("whose owner forgot whether they signed up", func(t *testing.T) {
		h := squat(t)
		h.post(t, "/auth/forgot-password", adaAlone).is(t, 202)
		h.post(t, "/auth/reset-password", `{"email": "ada@acme.example", "code": "`+h.code(t, "ada@acme.example")+`", "newPassword": "correct horse"}`).is(t, 200)
		signsInAlone(t, h)
	})
}
