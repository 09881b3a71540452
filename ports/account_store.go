package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// AccountStore keeps the users of a [UserStore]. Addresses are compared by
// [domain.Email.Key]. An absent user is [domain.NotFound].
type AccountStore interface {
	// CreateUser adds a user, with a first code if code is not nil. A taken address is
	// [domain.CodeUserExists], a taken subject [domain.Conflict]. Of many callers who
	// ask for one address at once, one succeeds.
	CreateUser(ctx context.Context, user StoredUser, code *StoredCode) error

	// RenewSignUp replaces an unconfirmed user's address, which may be another spelling
	// of the same one, and password hash by those of user, and issues a [ConfirmAddress]
	// code, in one step. It ends everything older: all other codes, and all sessions.
	// CreatedAt becomes now. A confirmed user stays unchanged, and the error is
	// [domain.CodeUserExists].
	RenewSignUp(ctx context.Context, user StoredUser, code StoredCode) error

	// UserByEmail and UserBySubject return a user.
	UserByEmail(ctx context.Context, email domain.Email) (StoredUser, error)
	UserBySubject(ctx context.Context, subject string) (StoredUser, error)

	// RemoveUnconfirmed removes the users that were created, or whose sign-up was
	// renewed, longer than age ago, that are not confirmed and are members of no tenant.
	// It returns how many it removed; their addresses are free again.
	RemoveUnconfirmed(ctx context.Context, age time.Duration) (int, error)
}

// StoredUser is a user of the built-in identity provider.
type StoredUser struct {
	Subject      string       // unique, and never used again
	Email        domain.Email // zero for an address that was stored once and that [domain.ParseEmail] refuses now
	PasswordHash string
	Confirmed    bool
	CreatedAt    time.Time // of the user, or of the newest sign-up while unconfirmed; set by the store
}

// ErrNoUser is the error of a store that does not have the user.
var ErrNoUser = domain.Errorf(domain.NotFound, "there is no such user")
