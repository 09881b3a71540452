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

// Caller is the sender of a verified token. The zero Caller sent none.
type Caller struct {
	Identity  domain.Identity
	Token     domain.Secret // the access token itself, for requests to the provider
	ExpiresAt time.Time     // of the token
}

// IsZero reports whether the caller is not signed in.
func (c Caller) IsZero() bool { return c.Identity.IsZero() }
