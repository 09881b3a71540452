package memory

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Refresh implements [ports.IdentityProvider]. Refresh tokens rotate.
func (i *Identities) Refresh(ctx context.Context, refresh domain.Secret) (ports.Tokens, error) {
	if err := i.Ready(ctx); err != nil {
		return ports.Tokens{}, err
	}
	next := newToken()
	user, err := i.store().RotateSession(ctx, refresh.Hash(), next.Hash(), refreshGrace)
	if err != nil {
		return ports.Tokens{}, err
	}
	return i.tokens(user, next), nil
}

// Revoke implements [ports.IdentityProvider].
func (i *Identities) Revoke(ctx context.Context, refresh domain.Secret) error {
	if err := i.Ready(ctx); err != nil {
		return err
	}
	return i.store().EndSession(ctx, refresh.Hash())
}

// SignOutEverywhere implements [ports.IdentityProvider].
func (i *Identities) SignOutEverywhere(ctx context.Context, access domain.Secret) error {
	if err := i.Ready(ctx); err != nil {
		return err
	}
	caller, err := i.Verify(ctx, access)
	if err != nil {
		return err
	}
	return i.store().EndSessions(ctx, caller.Identity.Subject())
}

// Verify implements [ports.TokenVerifier].
func (i *Identities) Verify(ctx context.Context, access domain.Secret) (ports.Caller, error) {
	if err := ctx.Err(); err != nil {
		return ports.Caller{}, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	caller, known := i.access[access]
	if !known {
		return ports.Caller{}, invalidToken("it isn't one of ours, or its session has ended")
	}
	if !clock(i.Now).Before(caller.ExpiresAt) {
		delete(i.access, access)
		return ports.Caller{}, invalidToken("it expired at " + caller.ExpiresAt.Format(time.RFC3339))
	}
	return caller, nil
}

// Caller returns somebody with that address who is signed in. If the address has
// no account, one is made up, confirmed, whose password nobody knows. It works
// also while the provider is away.
func (i *Identities) Caller(email domain.Email) (ports.Caller, error) {
	ctx := context.Background()
	user := ports.StoredUser{Subject: newSubject(), Email: email, PasswordHash: hashPassword(newToken()), Confirmed: true}
	err := i.store().CreateUser(ctx, user, nil)
	if domain.CodeOf(err) == domain.CodeUserExists {
		user, err = i.store().UserByEmail(ctx, email)
	}
	if err != nil {
		return ports.Caller{}, err
	}
	return i.remember(user), nil
}

// Code returns the last code that was mailed to the address, for confirming it,
// resetting its password or answering a challenge; the zero Secret if none was.
func (i *Identities) Code(email domain.Email) domain.Secret {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.codes[email.Key()]
}

// start begins a session.
func (i *Identities) start(ctx context.Context, user ports.StoredUser) (ports.SignIn, error) {
	refresh := newToken()
	if err := i.store().StartSession(ctx, user, refresh.Hash(), refreshTTL); err != nil {
		return ports.SignIn{}, err
	}
	return ports.SignIn{Tokens: i.tokens(user, refresh)}, nil
}

// tokens come with an ID token that nobody asks for here, and so nobody remembers.
func (i *Identities) tokens(user ports.StoredUser, refresh domain.Secret) ports.Tokens {
	return ports.Tokens{Access: i.remember(user).Token, ID: newToken(), Refresh: refresh, ExpiresIn: accessTTL, Type: "Bearer"}
}

// remember makes an access token for user.
func (i *Identities) remember(user ports.StoredUser) ports.Caller {
	i.mu.Lock()
	defer i.mu.Unlock()
	caller := ports.Caller{Identity: identityOf(user), Token: newToken(), ExpiresAt: clock(i.Now).Add(accessTTL)}
	set(&i.access, caller.Token, caller)
	return caller
}
