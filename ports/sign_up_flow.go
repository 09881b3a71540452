package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// SignUpFlow creates accounts and confirms their addresses. It is part of an
// [IdentityProvider].
type SignUpFlow interface {
	// SignUp creates an account. A taken address is [domain.CodeUserExists], a weak
	// password [domain.CodePasswordPolicy] on field "password", a refusal by the
	// provider's own rules [domain.CodeSignUpRefused]. A code that could not be
	// delivered is a success: the account exists, and ResendCode retries.
	//
	// Where new users must confirm their address, an unconfirmed address is not taken:
	// SignUp replaces its password and its code together, and keeps its identity.
	// Otherwise a stranger could hold the address, and the owner's code would confirm
	// the stranger's password. A provider that cannot replace them refuses the address
	// as taken; the owner then uses ForgotPassword and ResetPassword.
	SignUp(ctx context.Context, email domain.Email, password domain.Secret) (CreatedUser, error)

	// ConfirmSignUp proves that the address is the user's, and ends everything older:
	// all other codes, and all sessions. A code that is wrong, spent or expired, and an
	// unknown address, are [domain.CodeCodeInvalid].
	ConfirmSignUp(ctx context.Context, email domain.Email, code domain.Secret) error

	// ResendCode sends a new confirmation code if an account waits for one. The caller
	// cannot find out whether an account does.
	ResendCode(ctx context.Context, email domain.Email) error
}

// CreatedUser is an account that was just created.
type CreatedUser struct {
	Identity  domain.Identity // zero where a failed delivery of the code hid it; a token of SignIn contains it
	Confirmed bool            // false: SignIn refuses until ConfirmSignUp
	Delivery  *CodeDelivery   // where the confirmation code was sent, if one was
}

// CodeDelivery describes where a code was sent, in the words of Cognito's API.
type CodeDelivery struct {
	Destination string // masked, as in a***@e***
	Medium      string // EMAIL or SMS
	Attribute   string // email or phone_number
}
