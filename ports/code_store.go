package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// CodeStore keeps the codes that were sent to the users of a [UserStore]: one of each
// purpose for a user. An absent user is [domain.NotFound].
type CodeStore interface {
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
	TTL      time.Duration // from when it is stored
	Attempts int           // the number of wrong attempts that it survives
}
