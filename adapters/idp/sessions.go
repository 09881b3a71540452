package idp

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/adapters/internal/audit"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// SignIn gives tokens for a password. An address that nobody has costs as much
// as a wrong password. The errors are those of [ports.IdentityProvider].
func (p *Provider) SignIn(ctx context.Context, email domain.Email, password domain.Secret) (ports.SignIn, error) {
	user, err := p.find(ctx, email)
	if err != nil {
		return ports.SignIn{}, err
	}
	right, err := p.verify(ctx, user.PasswordHash, password)
	switch {
	case err != nil:
		return ports.SignIn{}, err
	case !right:
		return ports.SignIn{}, errInvalidCredentials
	case !user.Confirmed:
		return ports.SignIn{}, errUserNotConfirmed
	}
	tokens, err := p.startSession(ctx, user)
	return ports.SignIn{Tokens: tokens}, err
}

// startSession begins a session of user, whose password was right a moment ago.
func (p *Provider) startSession(ctx context.Context, user ports.StoredUser) (ports.Tokens, error) {
	authTime := p.now()
	tokens, err := p.issue(user, authTime)
	if err != nil {
		return ports.Tokens{}, err
	}
	tokens.Refresh = newRefreshToken(authTime)
	if err := p.users.StartSession(ctx, user, tokens.Refresh.Hash(), p.refreshTTL); err != nil {
		return ports.Tokens{}, identityErrorOr(err, errInvalidCredentials)
	}
	return tokens, nil
}

// challenges are those of [ports.Challenge].
var challenges = []string{"NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA", "SMS_MFA", "EMAIL_OTP"}

// RespondToChallenge is always [domain.CodeChallengeInvalid] for a challenge by a
// known name, since this provider gives none.
func (p *Provider) RespondToChallenge(ctx context.Context, email domain.Email, answer ports.ChallengeAnswer) (ports.SignIn, error) {
	if email.IsZero() {
		return ports.SignIn{}, errNoEmail
	}
	if err := ctx.Err(); err != nil {
		return ports.SignIn{}, err
	}
	if !slices.Contains(challenges, answer.Name) {
		return ports.SignIn{}, domain.Invalidf("challengeName", "a challenge is one of %s", strings.Join(challenges, ", "))
	}
	return ports.SignIn{}, errChallengeInvalid
}

// Refresh exchanges a refresh token for new tokens, a new refresh token among
// them. The session ends when it would have ended. The errors are those of
// [ports.IdentityProvider].
func (p *Provider) Refresh(ctx context.Context, refresh domain.Secret) (ports.Tokens, error) {
	if err := ctx.Err(); err != nil {
		return ports.Tokens{}, err
	}
	authTime, ok := parseRefreshToken(refresh)
	if !ok {
		return ports.Tokens{}, errRefreshInvalid
	}
	next := newRefreshToken(authTime)
	user, err := p.users.RotateSession(ctx, refresh.Hash(), next.Hash(), p.refreshGrace)
	if errors.Is(err, domain.CodeRefreshReused) {
		audit.RefreshReused(ctx, p.log, ProviderName, refresh)
	}
	if err != nil {
		return ports.Tokens{}, identityError(err)
	}
	tokens, err := p.issue(user, authTime)
	if err != nil {
		return ports.Tokens{}, err
	}
	tokens.Refresh = next
	return tokens, nil
}

// Revoke ends the session of a refresh token, also by one that was exchanged
// before. An unknown token is no error.
func (p *Provider) Revoke(ctx context.Context, refresh domain.Secret) error {
	return identityError(p.users.EndSession(ctx, refresh.Hash()))
}

// SignOutEverywhere ends every session of the user whose access token it is. The
// token itself lives on until it expires.
func (p *Provider) SignOutEverywhere(ctx context.Context, access domain.Secret) error {
	subject, err := p.subjectOf(ctx, access)
	if err != nil {
		return err
	}
	return identityErrorOr(p.users.EndSessions(ctx, subject), errInvalidToken)
}

// User returns the user whose access token it is.
func (p *Provider) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	subject, err := p.subjectOf(ctx, access)
	if err != nil {
		return ports.User{}, err
	}
	user, err := p.users.UserBySubject(ctx, subject)
	if err != nil {
		return ports.User{}, identityErrorOr(err, errInvalidToken)
	}
	identity, err := domain.NewIdentity(ProviderName, user.Subject)
	if err != nil {
		return ports.User{}, identityError(err)
	}
	return ports.User{Identity: identity, Email: user.Email, EmailVerified: user.Confirmed}, nil
}
