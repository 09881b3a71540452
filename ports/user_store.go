package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// UserStore keeps the users of the built-in identity provider: their password hashes,
// and the hashes of their codes and refresh tokens. The provider chooses what it
// hashes, and how.
//
// Addresses are compared by [domain.Email.Key]. An absent user is [domain.NotFound].
type UserStore interface {
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

	// IssueCode replaces the user's last code of the same purpose.
	IssueCode(ctx context.Context, subject string, code StoredCode) error

	// Confirm spends the user's [ConfirmAddress] code, marks the user confirmed, and
	// ends everything older: all other codes, and all sessions. A code that is wrong,
	// spent, expired or out of attempts is [domain.CodeCodeInvalid], and every wrong one
	// counts, however many come at once.
	Confirm(ctx context.Context, subject string, code domain.TokenHash) error

	// ResetPassword spends the user's [ResetPassword] code like Confirm, sets the
	// password's hash, marks the user confirmed, and ends everything older, too.
	ResetPassword(ctx context.Context, subject string, code domain.TokenHash, passwordHash string) error

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

// CodePurpose is what a code may be used for.
type CodePurpose string

// The purposes of codes.
const (
	ConfirmAddress CodePurpose = "confirm"
	ResetPassword  CodePurpose = "reset"
)

// StoredCode is a code to be stored for a user.
type StoredCode struct {
	Purpose  CodePurpose
	Hash     domain.TokenHash
	TTL      time.Duration
	Attempts int // the number of wrong attempts that it survives
}

// ErrNoUser is the error of a store that does not have the user.
var ErrNoUser = domain.Errorf(domain.NotFound, "there is no such user")
