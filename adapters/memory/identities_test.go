package memory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var password = domain.NewSecret("correct horse")

func TestCaller(t *testing.T) {
	identities, ada := &memory.Identities{}, email("Ada@example.com")
	caller, err := identities.Caller(ada)
	must(t, err)

	t.Run("a made-up caller has an account with a verified address", func(t *testing.T) {
		user, err := identities.User(t.Context(), caller.Token)
		must(t, err)
		if user.Identity != caller.Identity || user.Email != ada || !user.EmailVerified {
			t.Errorf("got %+v", user)
		}
	})
	t.Run("the same address is the same person with another token", func(t *testing.T) {
		again, err := identities.Caller(email("ada@EXAMPLE.com"))
		must(t, err)
		if again.Identity != caller.Identity || again.Token == caller.Token {
			t.Errorf("got %+v, want %+v", again, caller)
		}
	})
	t.Run("somebody who signed up can be made a caller", func(t *testing.T) {
		bob := email("bob@example.com")
		made, err := identities.SignUp(t.Context(), bob, password)
		must(t, err)
		caller, err := identities.Caller(bob)
		must(t, err)
		if caller.Identity != made.Identity {
			t.Errorf("got %v, want %v", caller.Identity, made.Identity)
		}
	})
	t.Run("nobody can be no caller", func(t *testing.T) {
		_, err := identities.Caller(domain.Email{})
		wantErr(t, err, domain.Invalid)
	})
	t.Run("a token is believed while the provider is away, but there is no signing in", func(t *testing.T) {
		identities.Break()
		defer identities.Mend()
		_, err := identities.Verify(t.Context(), caller.Token)
		must(t, err)
		_, err = identities.SignIn(t.Context(), ada, password)
		wantErr(t, err, domain.CodeIdentityProviderUnavailable)
		_, err = identities.User(t.Context(), caller.Token)
		wantErr(t, err, domain.CodeIdentityProviderUnavailable)
	})
}

func TestPasswordsHave8CharactersTo256Bytes(t *testing.T) {
	for text, want := range map[string]error{
		strings.Repeat("é", 7):   domain.CodePasswordPolicy,
		strings.Repeat("é", 8):   nil,
		strings.Repeat("x", 256): nil,
		strings.Repeat("x", 257): domain.CodePasswordPolicy,
	} {
		_, err := new(memory.Identities).SignUp(t.Context(), email("ada@example.com"), domain.NewSecret(text))
		wantErr(t, err, want)
	}
}

func TestLifetimes(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	identities := &memory.Identities{Now: func() time.Time { return now }, RequireConfirmation: true}
	ada := email("ada@example.com")
	_, err := identities.SignUp(t.Context(), ada, password)
	must(t, err)

	t.Run("a code is good for ten minutes", func(t *testing.T) {
		code := identities.Code(ada)
		now = now.Add(10 * time.Minute)
		wantErr(t, identities.ConfirmSignUp(t.Context(), ada, code), domain.CodeCodeInvalid)
		must(t, identities.ResendCode(t.Context(), ada))
		now = now.Add(10*time.Minute - 1)
		must(t, identities.ConfirmSignUp(t.Context(), ada, identities.Code(ada)))
	})
	t.Run("an access token lives for an hour, its session for thirty days", func(t *testing.T) {
		step, err := identities.SignIn(t.Context(), ada, password)
		must(t, err)
		now = now.Add(time.Hour - 1)
		_, err = identities.Verify(t.Context(), step.Tokens.Access)
		must(t, err)
		now = now.Add(1)
		_, err = identities.Verify(t.Context(), step.Tokens.Access)
		wantErr(t, err, domain.CodeInvalidToken)
		tokens, err := identities.Refresh(t.Context(), step.Tokens.Refresh)
		must(t, err)
		now = now.Add(30*24*time.Hour - time.Hour)
		_, err = identities.Refresh(t.Context(), tokens.Refresh)
		wantErr(t, err, domain.CodeRefreshInvalid)
	})
}

func TestCodes(t *testing.T) {
	t.Run("a code survives five wrong ones", func(t *testing.T) {
		for wrong, want := range map[int]error{5: nil, 6: domain.CodeCodeInvalid} {
			identities, ada := &memory.Identities{RequireConfirmation: true}, email("ada@example.com")
			_, err := identities.SignUp(t.Context(), ada, password)
			must(t, err)
			for range wrong {
				wantErr(t, identities.ConfirmSignUp(t.Context(), ada, misspelled(identities.Code(ada))), domain.CodeCodeInvalid)
			}
			wantErr(t, identities.ConfirmSignUp(t.Context(), ada, identities.Code(ada)), want)
		}
	})
	t.Run("who is confirmed is sent no code for the address", func(t *testing.T) {
		identities, ada := &memory.Identities{RequireConfirmation: true}, email("ada@example.com")
		_, err := identities.SignUp(t.Context(), ada, password)
		must(t, err)
		code := identities.Code(ada)
		must(t, identities.ConfirmSignUp(t.Context(), ada, code))
		must(t, identities.ResendCode(t.Context(), ada))
		if identities.Code(ada) != code {
			t.Error("a code was sent to an address that is confirmed")
		}
	})
}

func TestChallenges(t *testing.T) {
	// meet signs ada up and in, and into the challenge.
	meet := func(t *testing.T, name string) (*memory.Identities, domain.Email, ports.ChallengeAnswer) {
		t.Helper()
		identities, ada := &memory.Identities{}, email("ada@example.com")
		_, err := identities.SignUp(t.Context(), ada, password)
		must(t, err)
		must(t, identities.Challenge(ada, name))
		step, err := identities.SignIn(t.Context(), ada, password)
		must(t, err)
		if step.Challenge == nil || step.Challenge.Name != name || !step.Tokens.Access.IsZero() {
			t.Fatalf("got %+v", step)
		}
		return identities, ada, ports.ChallengeAnswer{Name: name, Session: step.Challenge.Session}
	}
	responding := func(answer ports.ChallengeAnswer, name string, value domain.Secret) ports.ChallengeAnswer {
		answer.Responses = map[string]domain.Secret{name: value}
		return answer
	}

	t.Run("a new password is asked for until one is set", func(t *testing.T) {
		identities, ada, answer := meet(t, "NEW_PASSWORD_REQUIRED")
		_, err := identities.RespondToChallenge(t.Context(), ada, responding(answer, "NEW_PASSWORD", domain.NewSecret("short")))
		wantErr(t, err, domain.CodePasswordPolicy)
		next := domain.NewSecret("battery staple")
		step, err := identities.RespondToChallenge(t.Context(), ada, responding(answer, "NEW_PASSWORD", next))
		must(t, err)
		_, err = identities.Verify(t.Context(), step.Tokens.Access)
		must(t, err)
		_, err = identities.SignIn(t.Context(), ada, password)
		wantErr(t, err, domain.CodeInvalidCredentials)
		step, err = identities.SignIn(t.Context(), ada, next)
		must(t, err)
		if step.Challenge != nil {
			t.Error("it is asked for again")
		}
	})
	for name, response := range map[string]string{"SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE", "SMS_MFA": "SMS_MFA_CODE", "EMAIL_OTP": "EMAIL_OTP_CODE"} {
		t.Run(name+" is answered by its code, once", func(t *testing.T) {
			identities, ada, answer := meet(t, name)
			for _, wrong := range []ports.ChallengeAnswer{answer, responding(answer, response, domain.NewSecret("wrong")), responding(answer, "OTHER", identities.Code(ada))} {
				_, err := identities.RespondToChallenge(t.Context(), ada, wrong)
				wantErr(t, err, domain.CodeChallengeInvalid)
			}
			right := responding(answer, response, identities.Code(ada))
			step, err := identities.RespondToChallenge(t.Context(), ada, right)
			must(t, err)
			if step.Tokens.Access.IsZero() {
				t.Error("there are no tokens")
			}
			_, err = identities.RespondToChallenge(t.Context(), ada, right)
			wantErr(t, err, domain.CodeChallengeInvalid)
		})
	}
	t.Run("a session dies of four wrong answers", func(t *testing.T) {
		identities, ada, answer := meet(t, "EMAIL_OTP")
		for range 4 {
			_, err := identities.RespondToChallenge(t.Context(), ada, answer)
			wantErr(t, err, domain.CodeChallengeInvalid)
		}
		_, err := identities.RespondToChallenge(t.Context(), ada, responding(answer, "EMAIL_OTP_CODE", identities.Code(ada)))
		wantErr(t, err, domain.CodeChallengeInvalid)
	})
	t.Run("a session is of no use to another person or for another challenge", func(t *testing.T) {
		identities, ada, answer := meet(t, "EMAIL_OTP")
		eve := email("eve@example.com")
		_, err := identities.SignUp(t.Context(), eve, password)
		must(t, err)
		right := responding(answer, "EMAIL_OTP_CODE", identities.Code(ada))
		_, err = identities.RespondToChallenge(t.Context(), eve, right)
		wantErr(t, err, domain.CodeChallengeInvalid)
		other := responding(answer, "NEW_PASSWORD", password)
		other.Name = "NEW_PASSWORD_REQUIRED"
		_, err = identities.RespondToChallenge(t.Context(), ada, other)
		wantErr(t, err, domain.CodeChallengeInvalid)
		_, err = identities.RespondToChallenge(t.Context(), ada, right)
		must(t, err)
	})
	t.Run("a session ends after three minutes", func(t *testing.T) {
		identities, ada, answer := meet(t, "EMAIL_OTP")
		right := responding(answer, "EMAIL_OTP_CODE", identities.Code(ada))
		now := time.Now()
		identities.Now = func() time.Time { return now.Add(3*time.Minute + time.Second) }
		_, err := identities.RespondToChallenge(t.Context(), ada, right)
		wantErr(t, err, domain.CodeChallengeInvalid)
		identities.Now = func() time.Time { return now.Add(3*time.Minute - time.Second) }
		_, err = identities.RespondToChallenge(t.Context(), ada, right)
		must(t, err)
	})
	t.Run("a challenge that doesn't exist, or is nobody's, can't be set", func(t *testing.T) {
		identities := &memory.Identities{}
		wantErr(t, identities.Challenge(email("ada@example.com"), "RIDDLE"), domain.Invalid)
		wantErr(t, identities.Challenge(email("ada@example.com"), "EMAIL_OTP"), domain.NotFound)
	})
}

// misspelled returns a code like code that isn't code.
func misspelled(code domain.Secret) domain.Secret {
	digits := []byte(code.Reveal())
	digits[0] = '0' + (digits[0]-'0'+1)%10
	return domain.NewSecret(string(digits))
}
