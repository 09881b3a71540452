package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// IdentityProvider keeps users, their passwords and their sessions. A provider is one
// pool of users who sign in by e-mail address.
//
// It never reveals whether an address has an account, except where SignUp must. The
// provider's own messages stay in Err of a [domain.Error]; Message is for the caller.
// Too many attempts of one user are [domain.Limited]; a provider that cannot be
// reached, throttles or is out of order is [domain.CodeIdentityProviderUnavailable],
// never [domain.Unauthenticated]. A misconfigured provider is [domain.Internal].
//
// Addresses are compared by [domain.Email.Key]. Codes are passed as
// [domain.ParseOneTimeCode] returns them. A code that does not have the form of the
// provider's codes is wrong, but does not count as an attempt.
type IdentityProvider interface {
	// Name returns the provider's part of an Identity.
	Name() string

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

	// SignIn returns tokens, or a challenge to answer first. An unknown address and a
	// wrong password are both [domain.CodeInvalidCredentials] in about the same time; a
	// right password may return [domain.CodeUserNotConfirmed] or
	// [domain.CodePasswordReset].
	SignIn(ctx context.Context, email domain.Email, password domain.Secret) (SignIn, error)

	// RespondToChallenge answers a challenge that SignIn or RespondToChallenge returned.
	// A name that is not one of [Challenge] is [domain.Invalid] on field
	// "challengeName". A wrong answer or session is [domain.CodeChallengeInvalid]; a new
	// password that is too weak is [domain.CodePasswordPolicy] on field
	// "responses.NEW_PASSWORD".
	RespondToChallenge(ctx context.Context, email domain.Email, answer ChallengeAnswer) (SignIn, error)

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

	// ForgotPassword sends a code for ResetPassword if there is an account. Its address
	// does not have to be confirmed yet. The caller cannot find out whether there is an
	// account.
	ForgotPassword(ctx context.Context, email domain.Email) error

	// ResetPassword sets a new password, confirms the address, and ends everything
	// older: all other codes, and all sessions. The code's errors are those of
	// ConfirmSignUp, the password's are those of SignUp, on field "newPassword".
	ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error

	// User returns the user whose access token it is. A token that the provider does not
	// accept is [domain.CodeInvalidToken].
	User(ctx context.Context, access domain.Secret) (User, error)
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

// SignIn is a step towards tokens: either Challenge or Tokens is set.
type SignIn struct {
	Tokens    Tokens
	Challenge *Challenge
}

// Tokens are the tokens of a signed-in user.
type Tokens struct {
	Access    domain.Secret
	ID        domain.Secret
	Refresh   domain.Secret // empty: the caller's stays valid
	ExpiresIn time.Duration // of Access and ID
	Type      string        // "Bearer"
}

// Challenge is a question that the user must answer before the provider returns
// tokens.
type Challenge struct {
	Name       string            // NEW_PASSWORD_REQUIRED, SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP
	Session    domain.Secret     // to be sent back with the answer
	Parameters map[string]string // what the user needs to answer
}

// ChallengeAnswer answers a [Challenge].
type ChallengeAnswer struct {
	Name      string
	Session   domain.Secret
	Responses map[string]domain.Secret // by the provider's names, such as NEW_PASSWORD
}

// User is what the provider has stored about a user.
type User struct {
	Identity      domain.Identity
	Email         domain.Email // zero if the provider has none
	EmailVerified bool
}
