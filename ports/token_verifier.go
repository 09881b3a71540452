package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// TokenVerifier decides whether an access token is to be believed, without
// asking anybody while it serves.
type TokenVerifier interface {
	// Verify returns whom the token speaks for. A token that is malformed, expired,
	// badly signed, or another issuer's, client's or purpose's is
	// [domain.CodeInvalidToken]; the caller isn't told which. Where the issuer's
	// keys were never had, or are too old to be trusted, it is
	// [domain.Unavailable].
	Verify(ctx context.Context, token domain.Secret) (Caller, error)
}

// Caller is whoever sent a token that was verified. The zero Caller is somebody
// who sent none.
type Caller struct {
	Identity  domain.Identity
	Token     domain.Secret // the access token itself, to ask the provider with
	ExpiresAt time.Time     // of the token
}

// IsZero reports whether the caller isn't signed in.
func (c Caller) IsZero() bool { return c.Identity.IsZero() }
