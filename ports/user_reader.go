package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// UserReader describes the user of an access token. It is part of an
// [IdentityProvider], whose errors it returns.
type UserReader interface {
	// User returns the user whose access token it is. A token that the provider does not
	// accept is [domain.CodeInvalidToken], and one that does not let the provider describe
	// its user [domain.CodeInsufficientScope].
	User(ctx context.Context, access domain.Secret) (User, error)
}

// User is what the provider has stored about a user.
type User struct {
	Identity      domain.Identity
	Email         domain.Email // zero if the provider has none
	EmailVerified bool
}
