package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// SessionFlow continues and ends sessions. It is part of an [IdentityProvider].
type SessionFlow interface {
	// Refresh exchanges a refresh token for new tokens. Refresh of the answer is empty
	// where the token stays the same. A token that is unknown, expired or revoked is
	// [domain.CodeRefreshInvalid].
	//
	// Where the provider rotates refresh tokens, one that was exchanged before is
	// [domain.CodeRefreshReused], except within some seconds of the first exchange and
	// before a successor was exchanged, because two tabs of a browser may ask at once,
	// or an answer may be lost. All successors of that exchange are valid.
	Refresh(ctx context.Context, refresh domain.Secret) (Tokens, error)

	// Revoke ends the session of a refresh token. An unknown token is no error.
	Revoke(ctx context.Context, refresh domain.Secret) error

	// SignOutEverywhere ends every session of the user whose access token it is. A token
	// that the provider does not accept is [domain.CodeInvalidToken].
	SignOutEverywhere(ctx context.Context, access domain.Secret) error
}

// MaxTokenLife is the longest life of an access token, which a verifier accepts: what
// Cognito allows (Developer Guide, "Understanding the access token").
const MaxTokenLife = 24 * time.Hour

// Tokens are the tokens of a signed-in user.
type Tokens struct {
	Access    domain.Secret
	ID        domain.Secret
	Refresh   domain.Secret // empty: the caller's stays valid
	ExpiresIn time.Duration // of Access and ID, at most [MaxTokenLife]
	Type      string        // "Bearer"
}
