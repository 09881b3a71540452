package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// SessionStore keeps the refresh tokens of the users of a [UserStore]. The tokens of one
// session are a family.
type SessionStore interface {
	// StartSession records a refresh token: the first of a family. user is as it was
	// read when the password was verified; if the password was reset since, nothing is
	// recorded, and the error is [domain.CodeInvalidCredentials].
	StartSession(ctx context.Context, user StoredUser, token domain.TokenHash, ttl time.Duration) error

	// RotateSession adds next to the family of token, keeps the end of the session, and
	// returns the user. An unknown, expired or ended token is
	// [domain.CodeRefreshInvalid].
	//
	// A token may be rotated again within grace of its first rotation, unless one of its
	// successors was rotated: a client may ask twice at once, or miss an answer. All its
	// successors are valid. After that it is [domain.CodeRefreshReused], and its whole
	// family ends. Without grace, of many callers who rotate one token at once, one
	// succeeds, and its new token is revoked too.
	RotateSession(ctx context.Context, token, next domain.TokenHash, grace time.Duration) (StoredUser, error)

	// EndSession ends the family of token. An unknown token is no error.
	EndSession(ctx context.Context, token domain.TokenHash) error

	// EndSessions ends all sessions of the user.
	EndSessions(ctx context.Context, subject string) error
}
