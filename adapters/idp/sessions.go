package idp

import (
	"context"
	"errors"

	"github.com/partywall-go/partywall/adapters/internal/audit"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// SignIn returns tokens for a password, or the challenge that [Provider.OrderChallenge]
// ordered. An address without an account takes as long as a wrong password. The errors
// are those of [ports.IdentityProvider].
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
	challenge, err := p.challenge(ctx, user)
	if challenge != nil || err != nil {
		return ports.SignIn{Challenge: challenge}, err
	}
	tokens, err := p.startSession(ctx, user)
	return ports.SignIn{Tokens: tokens}, err
}

// startSession starts a session of user, who has just been authenticated.
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

// Refresh exchanges a refresh token for new tokens, including a new refresh token.
// That does not extend the session. The errors are those of
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

// Revoke ends the session of a refresh token, even of one that was exchanged
// before. An unknown token is not an error.
func (p *Provider) Revoke(ctx context.Context, refresh domain.Secret) error {
	return identityError(p.users.EndSession(ctx, refresh.Hash()))
}

// SignOutEverywhere ends every session of the access token's owner. The
// access token itself remains valid until it expires.
func (p *Provider) SignOutEverywhere(ctx context.Context, access domain.Secret) error {
	caller, err := p.Verify(ctx, access)
	if err != nil {
		return err
	}
	return identityErrorOr(p.users.EndSessions(ctx, caller.Identity().Subject()), errInvalidToken)
}

// hasVerifiedEmail reports whether the user proved an address that is still accepted
// as one.
func hasVerifiedEmail(user ports.StoredUser) bool { return user.Confirmed && !user.Email.IsZero() }

// User returns the owner of the access token.
func (p *Provider) User(ctx context.Context, access domain.Secret) (ports.User, error) {
	caller, err := p.Verify(ctx, access)
	if err != nil {
		return ports.User{}, err
	}
	user, err := p.users.UserBySubject(ctx, caller.Identity().Subject())
	if err != nil {
		return ports.User{}, identityErrorOr(err, errInvalidToken)
	}
	return ports.User{Identity: caller.Identity(), Email: user.Email, EmailVerified: hasVerifiedEmail(user)}, nil
}
