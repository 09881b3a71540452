package porttest

import (
	"errors"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// The part of [IdentityProvider] that is about users with an account.

func signIn(t *testing.T, open func(t *testing.T) Identities) {
	t.Run("signing in returns tokens", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		mustBeTokens(t, p.signIn(t, who))
		if p.has(CaseInsensitive) {
			who.email = email(t, who.email.Key())
			mustBeTokens(t, p.signIn(t, who))
		}
	})
	t.Run("a wrong password and an unknown address have the same answer", func(t *testing.T) {
		p := provider{open(t)}
		who, wrong := p.join(t), newPassword()
		_, unknown := p.Provider.SignIn(t.Context(), newEmail(t), wrong)
		_, mistaken := p.Provider.SignIn(t.Context(), who.email, wrong)
		for _, err := range []error{unknown, mistaken} {
			mustBe(t, err, domain.CodeInvalidCredentials)
			mustBe(t, err, domain.Unauthenticated)
			mustHide(t, err, wrong, who.password)
		}
		if a, b := messageOf(unknown), messageOf(mistaken); a != b {
			t.Errorf("one answer is %q, the other %q", a, b)
		}
		_, err := p.Provider.SignIn(t.Context(), who.email, domain.Secret{})
		mustBe(t, err, domain.CodeInvalidCredentials)
	})
	t.Run("an answer in a session that was never started is refused", func(t *testing.T) {
		p := provider{open(t)}
		for _, address := range []domain.Email{p.join(t).email, newEmail(t)} {
			_, err := p.Provider.RespondToChallenge(t.Context(), address, madeUpAnswer())
			mustBe(t, err, domain.CodeChallengeInvalid)
			mustBe(t, err, domain.Unauthenticated)
		}
	})
	t.Run("a challenge that does not exist is invalid", func(t *testing.T) {
		p, answer := provider{open(t)}, madeUpAnswer()
		for _, answer.Name = range []string{"RIDDLE", "new_password_required", ""} {
			_, err := p.Provider.RespondToChallenge(t.Context(), newEmail(t), answer)
			mustBeOn(t, err, "challengeName", domain.Invalid)
		}
	})
}

func verifyTokens(t *testing.T, open func(t *testing.T) Identities) {
	t.Run("an access token identifies its user", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		tokens := p.signIn(t, who)
		caller, err := p.Verifier.Verify(t.Context(), tokens.Access)
		mustDo(t, err)
		if caller.Identity() != who.identity || caller.Token() != tokens.Access {
			t.Errorf("it identifies %v, want %v", caller.Identity(), who.identity)
		}
		mustBeNear(t, caller.ExpiresAt(), time.Now().Add(tokens.ExpiresIn))
	})
	t.Run("a token that is not an access token is refused", func(t *testing.T) {
		p := provider{open(t)}
		tokens := p.signIn(t, p.join(t))
		access := tokens.Access.Reveal()
		for name, token := range map[string]domain.Secret{
			"nothing":              {},
			"an ID token":          tokens.ID,
			"a refresh token":      tokens.Refresh,
			"words":                domain.NewSecret("let me in"),
			"a token cut short":    domain.NewSecret(access[:len(access)-4]),
			"a token with a tail":  domain.NewSecret(access + "AAAA"),
			"a token with a space": domain.NewSecret(access + " "),
			"a token with a twist": domain.NewSecret(twist(access)),
		} {
			_, err := p.Verifier.Verify(t.Context(), token)
			t.Run(name, func(t *testing.T) { mustBe(t, err, domain.CodeInvalidToken); mustBe(t, err, domain.Unauthenticated) })
			_, err = p.Provider.User(t.Context(), token)
			t.Run(name+", asking for the user", func(t *testing.T) { mustBe(t, err, domain.CodeInvalidToken) })
			runIf(t, p.has(GlobalSignOut), name+", signing out everywhere", func(t *testing.T) {
				mustBe(t, p.Provider.SignOutEverywhere(t.Context(), token), domain.CodeInvalidToken)
			})
		}
	})

	p := provider{open(t)}
	access := p.signIn(t, p.join(t)).Access
	t.Run("many callers may verify one token at once", func(t *testing.T) {
		for _, err := range race(func(int) error { _, err := p.Verifier.Verify(t.Context(), access); return err }) {
			mustDo(t, err)
		}
	})
}

func refresh(t *testing.T, open func(t *testing.T) Identities) {
	can := provider{open(t)}
	t.Run("a refresh token is exchanged for new tokens of its user, again and again", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		token := p.signIn(t, who).Refresh
		for range 3 {
			tokens, err := p.Provider.Refresh(t.Context(), token)
			mustDo(t, err)
			if tokens.Refresh.IsZero() == p.Rotates || tokens.Refresh == token {
				t.Fatalf("it rotates: %v, but returned a refresh token: %v", p.Rotates, !tokens.Refresh.IsZero())
			}
			if p.Rotates {
				token = tokens.Refresh
			}
			tokens.Refresh = token
			mustBeTokens(t, tokens)
			caller, err := p.Verifier.Verify(t.Context(), tokens.Access)
			mustDo(t, err)
			if caller.Identity() != who.identity {
				t.Errorf("it identifies %v, want %v", caller.Identity(), who.identity)
			}
		}
	})
	t.Run("a token that is not a refresh token is refused", func(t *testing.T) {
		p := provider{open(t)}
		tokens := p.signIn(t, p.join(t))
		for name, token := range map[string]domain.Secret{"nothing": {}, "words": domain.NewSecret("let me in"), "an access token": tokens.Access, "an ID token": tokens.ID} {
			t.Run(name, func(t *testing.T) { p.mustNotRefresh(t, token) })
		}
	})
	runIf(t, can.Rotates, "a token that was exchanged before has its own error", func(t *testing.T) {
		p := provider{open(t)}
		token := p.signIn(t, p.join(t)).Refresh
		next, err := p.Provider.Refresh(t.Context(), token)
		mustDo(t, err)
		last, err := p.Provider.Refresh(t.Context(), next.Refresh)
		mustDo(t, err)
		_, err = p.Provider.Refresh(t.Context(), token)
		mustBe(t, err, domain.CodeRefreshReused)
		mustBe(t, err, domain.Unauthenticated)
		p.mustNotRefresh(t, last.Refresh)
	})
	runIf(t, can.Rotates, "a token that two callers exchange at once returns a valid one to each", func(t *testing.T) {
		p := provider{open(t)}
		token := p.signIn(t, p.join(t)).Refresh
		next := make([]domain.Secret, 2)
		for i := range next {
			tokens, err := p.Provider.Refresh(t.Context(), token)
			mustDo(t, err)
			next[i] = tokens.Refresh
		}
		if next[0] == next[1] {
			t.Error("both got one token")
		}
		for _, token := range next {
			_, err := p.Provider.Refresh(t.Context(), token)
			mustDo(t, err)
		}
	})
}

func signOut(t *testing.T, open func(t *testing.T) Identities) {
	can := provider{open(t)}
	t.Run("revoking a refresh token ends its session alone", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		here, there := p.signIn(t, who), p.signIn(t, who)
		for range 2 {
			mustDo(t, p.Provider.Revoke(t.Context(), here.Refresh))
		}
		p.mustNotRefresh(t, here.Refresh)
		_, err := p.Provider.Refresh(t.Context(), there.Refresh)
		mustDo(t, err)
	})
	t.Run("revoking an unknown token is no error", func(t *testing.T) {
		mustDo(t, open(t).Provider.Revoke(t.Context(), domain.NewSecret("a token that was never issued")))
	})
	runIf(t, can.has(GlobalSignOut), "signing out everywhere ends the sessions of that user only", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		here, there, theirs := p.signIn(t, who), p.signIn(t, who), p.signIn(t, p.join(t))
		mustDo(t, p.Provider.SignOutEverywhere(t.Context(), here.Access))
		p.mustNotRefresh(t, here.Refresh)
		p.mustNotRefresh(t, there.Refresh)
		_, err := p.Provider.Refresh(t.Context(), theirs.Refresh)
		mustDo(t, err)
		mustBeTokens(t, p.signIn(t, who))
	})
}

func forgetPassword(t *testing.T, open func(t *testing.T) Identities) {
	can := provider{open(t)}
	t.Run("a forgotten password is replaced by the code that was mailed, once", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		mustDo(t, p.Provider.ForgotPassword(t.Context(), who.email))
		code, next := p.Code(t, who.email), newPassword()
		for _, wrong := range []domain.Secret{misspell(code), {}} {
			err := p.Provider.ResetPassword(t.Context(), who.email, wrong, next)
			mustBe(t, err, domain.CodeCodeInvalid)
			mustHide(t, err, code, next)
		}
		p.signIn(t, who)
		mustDo(t, p.Provider.ResetPassword(t.Context(), who.email, code, next))
		_, err := p.Provider.SignIn(t.Context(), who.email, who.password)
		mustBe(t, err, domain.CodeInvalidCredentials)
		who.password = next
		p.signIn(t, who)
		mustBe(t, p.Provider.ResetPassword(t.Context(), who.email, code, newPassword()), domain.CodeCodeInvalid)
		p.signIn(t, who)
	})
	t.Run("a malformed code for a new password is wrong, and costs no attempt", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		mustDo(t, p.Provider.ForgotPassword(t.Context(), who.email))
		code := p.Code(t, who.email)
		for range 5 {
			for _, malformed := range malformedCodes(code) {
				mustBe(t, p.Provider.ResetPassword(t.Context(), who.email, malformed, newPassword()), domain.CodeCodeInvalid)
			}
		}
		mustDo(t, p.Provider.ResetPassword(t.Context(), who.email, code, newPassword()))
	})
	t.Run("an identity stays the same after a reset", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		mustDo(t, p.Provider.ForgotPassword(t.Context(), who.email))
		who.password = newPassword()
		mustDo(t, p.Provider.ResetPassword(t.Context(), who.email, p.Code(t, who.email), who.password))
		caller, err := p.Verifier.Verify(t.Context(), p.signIn(t, who).Access)
		mustDo(t, err)
		if caller.Identity() != who.identity {
			t.Errorf("they became %v", caller.Identity())
		}
	})
	runIf(t, can.has(PasswordPolicy), "a weak new password is refused", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		mustDo(t, p.Provider.ForgotPassword(t.Context(), who.email))
		err := p.Provider.ResetPassword(t.Context(), who.email, p.Code(t, who.email), domain.NewSecret("short"))
		mustBeOn(t, err, "newPassword", domain.CodePasswordPolicy)
		p.signIn(t, who)
	})
	t.Run("a forgotten password does not reveal whether there is an account", func(t *testing.T) {
		p, stranger := provider{open(t)}, newEmail(t)
		mustDo(t, p.Provider.ForgotPassword(t.Context(), stranger))
		mustBe(t, p.Provider.ResetPassword(t.Context(), stranger, domain.NewSecret("12345678"), newPassword()), domain.CodeCodeInvalid)
	})
}

func tellUser(t *testing.T, open func(t *testing.T) Identities) {
	t.Run("an access token returns its user", func(t *testing.T) {
		p := provider{open(t)}
		who := p.join(t)
		user, err := p.Provider.User(t.Context(), p.signIn(t, who).Access)
		mustDo(t, err)
		if user.Identity != who.identity || !user.Email.Equal(who.email) {
			t.Errorf("got %v %v, want %v %v", user.Identity, user.Email, who.identity, who.email)
		}
		if p.NeedsConfirmation && p.has(VerifiedAddress) && !user.EmailVerified {
			t.Error("their address is not verified")
		}
	})
}

func (p provider) mustNotRefresh(t *testing.T, token domain.Secret) {
	t.Helper()
	_, err := p.Provider.Refresh(t.Context(), token)
	mustBe(t, err, domain.CodeRefreshInvalid)
	mustBe(t, err, domain.Unauthenticated)
}

func mustBeTokens(t *testing.T, tokens ports.Tokens) {
	t.Helper()
	if tokens.Access.IsZero() || tokens.ID.IsZero() || tokens.Refresh.IsZero() {
		t.Error("a token is missing")
	}
	if tokens.Type != "Bearer" || tokens.ExpiresIn <= 0 || tokens.ExpiresIn > ports.MaxTokenLife {
		t.Errorf("they are of type %q and live %v", tokens.Type, tokens.ExpiresIn)
	}
}

func messageOf(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Message
	}
	return ""
}

// twist returns a token similar to token, but not equal to it.
func twist(token string) string {
	b := []byte(token)
	at := len(b) / 2
	if b[at]++; b[at] == 'z'+1 || b[at] == 'Z'+1 || b[at] == '9'+1 {
		b[at] -= 2
	}
	return string(b)
}
