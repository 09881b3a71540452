package idp_test

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestChallenges(t *testing.T) {
	for name, response := range map[string]string{"SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE", "SMS_MFA": "SMS_MFA_CODE", "EMAIL_OTP": "EMAIL_OTP_CODE"} {
		t.Run(name+" is answered by its code, once", func(t *testing.T) {
			c := challenged(t, name)
			code := c.code(t, c.ada.email)
			for _, wrong := range []ports.ChallengeAnswer{c.answer("", domain.Secret{}), c.answer(response, domain.NewSecret("wrong")), c.answer("OTHER", code)} {
				mustBe(t, c.respond(t, wrong), domain.CodeChallengeInvalid)
			}
			right := c.answer(response, code)
			step, err := c.provider.RespondToChallenge(t.Context(), c.ada.email, right)
			mustDo(t, err)
			_, err = c.verifier.Verify(t.Context(), step.Tokens.Access)
			mustDo(t, err)
			mustBe(t, c.respond(t, right), domain.CodeChallengeInvalid)
		})
	}
	t.Run("a new password is required until one is set", func(t *testing.T) {
		c := challenged(t, "NEW_PASSWORD_REQUIRED")
		mustBe(t, c.respond(t, c.answer("NEW_PASSWORD", domain.NewSecret("short"))), domain.CodePasswordPolicy)
		next := domain.NewSecret("battery staple")
		right := c.answer("NEW_PASSWORD", next)
		mustDo(t, c.respond(t, right))
		mustBe(t, c.respond(t, right), domain.CodeChallengeInvalid)
		_, err := c.provider.SignIn(t.Context(), c.ada.email, c.ada.password)
		mustBe(t, err, domain.CodeInvalidCredentials)
		c.ada.password = next
		if c.signIn(t, c.ada).Access.IsZero() {
			t.Error("it is required again")
		}
	})
	t.Run("a session survives three wrong answers", func(t *testing.T) {
		for wrong, want := range map[int]error{3: nil, 4: domain.CodeChallengeInvalid} {
			c := challenged(t, "EMAIL_OTP")
			for range wrong {
				mustBe(t, c.respond(t, c.answer("EMAIL_OTP_CODE", domain.NewSecret("wrong"))), domain.CodeChallengeInvalid)
			}
			mustBe(t, c.respond(t, c.answer("EMAIL_OTP_CODE", c.code(t, c.ada.email))), want)
		}
	})
	t.Run("a session is of no use to another user or for another challenge", func(t *testing.T) {
		c := challenged(t, "EMAIL_OTP")
		eve := c.arrive(t, "eve@example.com")
		right := c.answer("EMAIL_OTP_CODE", c.code(t, c.ada.email))
		_, err := c.provider.RespondToChallenge(t.Context(), eve.email, right)
		mustBe(t, err, domain.CodeChallengeInvalid)
		other := c.answer("NEW_PASSWORD", domain.NewSecret("battery staple"))
		other.Name = "NEW_PASSWORD_REQUIRED"
		mustBe(t, c.respond(t, other), domain.CodeChallengeInvalid)
		mustDo(t, c.respond(t, right))
	})
	t.Run("a session ends after three minutes", func(t *testing.T) {
		for after, want := range map[time.Duration]error{3*time.Minute - 1: nil, 3 * time.Minute: domain.CodeChallengeInvalid} {
			c := challenged(t, "EMAIL_OTP")
			c.now.pass(after)
			mustBe(t, c.respond(t, c.answer("EMAIL_OTP_CODE", c.code(t, c.ada.email))), want)
		}
	})
	t.Run("a session ends when the password is reset", func(t *testing.T) {
		c := challenged(t, "EMAIL_OTP")
		right := c.answer("EMAIL_OTP_CODE", c.code(t, c.ada.email))
		c.resetPassword(t, c.ada)
		mustBe(t, c.respond(t, right), domain.CodeChallengeInvalid)
	})
	t.Run("an empty name ends it", func(t *testing.T) {
		c := challenged(t, "EMAIL_OTP")
		mustDo(t, c.provider.OrderChallenge(t.Context(), c.ada.email, ""))
		if c.signIn(t, c.ada).Access.IsZero() {
			t.Error("it is required again")
		}
	})
	t.Run("an unknown challenge, and one for an address without an account, cannot be ordered", func(t *testing.T) {
		b := open(t, nil)
		mustBe(t, b.provider.OrderChallenge(t.Context(), address(t, "ada@example.com"), "RIDDLE"), domain.Invalid)
		mustBe(t, b.provider.OrderChallenge(t.Context(), address(t, "ada@example.com"), "EMAIL_OTP"), domain.NotFound)
	})
}

// meeting is a sign-in of ada's that got a challenge.
type meeting struct {
	fixture
	ada       account
	challenge *ports.Challenge
}

func challenged(t *testing.T, name string) meeting {
	t.Helper()
	b := open(t, nil)
	ada := b.arrive(t, "ada@example.com")
	mustDo(t, b.provider.OrderChallenge(t.Context(), ada.email, name))
	step, err := b.provider.SignIn(t.Context(), ada.email, ada.password)
	mustDo(t, err)
	if step.Challenge == nil || step.Challenge.Name != name || !step.Tokens.Access.IsZero() {
		t.Fatalf("got %+v", step)
	}
	return meeting{b, ada, step.Challenge}
}

// answer returns an answer with a single response.
func (m meeting) answer(name string, value domain.Secret) ports.ChallengeAnswer {
	return ports.ChallengeAnswer{Name: m.challenge.Name, Session: m.challenge.Session, Responses: map[string]domain.Secret{name: value}}
}

func (m meeting) respond(t *testing.T, answer ports.ChallengeAnswer) error {
	t.Helper()
	_, err := m.provider.RespondToChallenge(t.Context(), m.ada.email, answer)
	return err
}
