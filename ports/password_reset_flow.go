package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// PasswordResetFlow replaces a forgotten password. It is part of an [IdentityProvider].
type PasswordResetFlow interface {
	// ForgotPassword sends a code for ResetPassword if there is an account. Its address
	// does not have to be confirmed yet. The caller cannot find out whether there is an
	// account.
	ForgotPassword(ctx context.Context, email domain.Email) error

	// ResetPassword sets a new password, confirms the address, and ends everything
	// older: all other codes, and all sessions. The code's errors are those of
	// ConfirmSignUp, the password's are those of SignUp, on field "newPassword".
	ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error
}
