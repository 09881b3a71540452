package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// TokenVerifier decides whether to accept an access token. It decides without a
// request to another system while it serves.
type TokenVerifier interface {
	// Verify returns the caller that the token identifies. A token that is malformed,
	// expired, badly signed, or another issuer's, client's or purpose's is
	// [domain.CodeInvalidToken], which does not reveal the reason to the caller. Where
	// the issuer's keys were never fetched, or are too old to be trusted, it is
	// [domain.Unavailable].
	Verify(ctx context.Context, token domain.Secret) (Caller, error)
}

// Caller is the sender of a token that was verified. The zero Caller sent none.
type Caller struct {
	identity  domain.Identity
	token     domain.Secret
	expiresAt time.Time
}

// NewCaller returns the sender of token, which expires at expiresAt. Only a
// [TokenVerifier] calls it: every use case trusts a Caller without another check.
func NewCaller(identity domain.Identity, token domain.Secret, expiresAt time.Time) Caller {
	return Caller{identity, token, expiresAt}
}

// Identity returns the identity that the token speaks for.
func (c Caller) Identity() domain.Identity { return c.identity }

// Token returns the access token itself, which the identity provider takes.
func (c Caller) Token() domain.Secret { return c.token }

// ExpiresAt returns when the token expires.
func (c Caller) ExpiresAt() time.Time { return c.expiresAt }

// IsZero reports whether the caller is not signed in.
func (c Caller) IsZero() bool { return c.identity.IsZero() }
