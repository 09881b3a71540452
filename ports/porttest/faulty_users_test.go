package porttest_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Adapters of users, identities and mail, each of which breaks one promise.

// racy does not count the wrong codes that come at once.
type racy struct {
	ports.UserStore
	busy sync.Mutex
}

func (s *racy) Confirm(ctx context.Context, subject string, code domain.TokenHash) error {
	if !s.busy.TryLock() {
		return &domain.Error{Kind: domain.Invalid, Code: domain.CodeCodeInvalid}
	}
	defer s.busy.Unlock()
	defer time.Sleep(time.Millisecond)
	return s.UserStore.Confirm(ctx, subject, code)
}

type lenient struct{ ports.UserStore }

func (s lenient) RotateSession(ctx context.Context, token, next domain.TokenHash, grace time.Duration) (ports.StoredUser, error) {
	user, err := s.UserStore.RotateSession(ctx, token, next, grace)
	if domain.CodeOf(err) == domain.CodeRefreshReused {
		err = &domain.Error{Kind: domain.Unauthenticated, Code: domain.CodeRefreshInvalid}
	}
	return user, err
}

type patient struct{ ports.UserStore }

func (s patient) RotateSession(ctx context.Context, token, next domain.TokenHash, _ time.Duration) (ports.StoredUser, error) {
	return s.UserStore.RotateSession(ctx, token, next, time.Hour)
}

type hasty struct{ ports.UserStore }

func (s hasty) RotateSession(ctx context.Context, token, next domain.TokenHash, _ time.Duration) (ports.StoredUser, error) {
	return s.UserStore.RotateSession(ctx, token, next, 0)
}

// squatted keeps the first password of a sign-up that is renewed.
type squatted struct{ ports.UserStore }

func (s squatted) RenewSignUp(ctx context.Context, user ports.StoredUser, code ports.StoredCode) error {
	first, err := s.UserBySubject(ctx, user.Subject)
	if err != nil {
		return err
	}
	user.PasswordHash = first.PasswordHash
	return s.UserStore.RenewSignUp(ctx, user, code)
}

// literal finds no address whose domain is written in Unicode.
type literal struct{ ports.UserStore }

func (s literal) UserByEmail(ctx context.Context, email domain.Email) (ports.StoredUser, error) {
	if !email.IsZero() && email.String() != email.ASCII() {
		return ports.StoredUser{}, &domain.Error{Kind: domain.NotFound}
	}
	return s.UserStore.UserByEmail(ctx, email)
}

// gullible starts each session as if the user had been read just now.
type gullible struct{ ports.UserStore }

func (s gullible) StartSession(ctx context.Context, user ports.StoredUser, token domain.TokenHash, ttl time.Duration) error {
	current, err := s.UserBySubject(ctx, user.Subject)
	if err != nil {
		return err
	}
	return s.UserStore.StartSession(ctx, current, token, ttl)
}

type telltale struct{ ports.IdentityProvider }

func (p telltale) SignIn(ctx context.Context, email domain.Email, password domain.Secret) (ports.SignIn, error) {
	step, err := p.IdentityProvider.SignIn(ctx, email, password)
	if domain.CodeOf(err) == domain.CodeInvalidCredentials {
		err = &domain.Error{Kind: domain.Unauthenticated, Code: domain.CodeInvalidCredentials, Message: email.String() + " mistyped it"}
	}
	return step, err
}

type tireless struct{ ports.IdentityProvider }

func (p tireless) Refresh(ctx context.Context, token domain.Secret) (ports.Tokens, error) {
	tokens, err := p.IdentityProvider.Refresh(ctx, token)
	if domain.CodeOf(err) == domain.CodeRefreshReused {
		err = &domain.Error{Kind: domain.Unauthenticated, Code: domain.CodeRefreshInvalid}
	}
	return tokens, err
}

type obliging struct{ ports.IdentityProvider }

func (p obliging) SignOutEverywhere(ctx context.Context, access domain.Secret) error {
	err := p.IdentityProvider.SignOutEverywhere(ctx, access)
	if domain.CodeOf(err) == domain.CodeInvalidToken {
		return nil
	}
	return err
}

// stubborn refuses the second sign-up with an address.
type stubborn struct {
	ports.IdentityProvider
	seen *sync.Map
}

func (p stubborn) SignUp(ctx context.Context, email domain.Email, password domain.Secret) (ports.CreatedUser, error) {
	if _, seen := p.seen.LoadOrStore(email.Key(), true); seen {
		return ports.CreatedUser{}, &domain.Error{Kind: domain.Conflict, Code: domain.CodeUserExists, Field: "email"}
	}
	return p.IdentityProvider.SignUp(ctx, email, password)
}

// strict treats a malformed code as a wrong one.
type strict struct{ ports.IdentityProvider }

func (p strict) ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error {
	if digits, ok := domain.ParseOneTimeCode(code); !ok || digits != code {
		code = domain.NewSecret("00000000")
	}
	return p.IdentityProvider.ResetPassword(ctx, email, code, password)
}

// unhelpful sends no code for a new password.
type unhelpful struct{ ports.IdentityProvider }

func (p unhelpful) ForgotPassword(ctx context.Context, _ domain.Email) error { return ctx.Err() }

// plain sends no HTML.
type plain struct{ ports.Mailer }

func (m plain) Send(ctx context.Context, mail ports.Mail) error {
	mail.HTML = ""
	return m.Mailer.Send(ctx, mail)
}

// smuggler repairs a subject in place of refusing it.
type smuggler struct{ ports.Mailer }

func (m smuggler) Send(ctx context.Context, mail ports.Mail) error {
	mail.Subject = strings.ReplaceAll(mail.Subject, "\r", "")
	return m.Mailer.Send(ctx, mail)
}

// stale repeats its first answer.
type stale struct {
	ports.Dependency
	once sync.Once
	err  error
}

func (d *stale) Ready(ctx context.Context) error {
	d.once.Do(func() { d.err = d.Dependency.Ready(ctx) })
	return d.err
}
