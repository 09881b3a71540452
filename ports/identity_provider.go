package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// IdentityProvider keeps people, their passwords and their sessions. A provider
// is one pool of people who sign in by e-mail address.
//
// It never tells who has an account, save where SignUp must. Its own messages
// stay in Err of a [domain.Error]; Message is for the caller. Too many attempts
// of one user are [domain.Limited]; a provider that is away, throttled or out of
// order is [domain.CodeIdentityProviderUnavailable], never
// [domain.Unauthenticated]. A misconfigured provider is [domain.Internal].
//
// Addresses are compared by [domain.Email.Key]. Codes are given as [domain.ParseOneTimeCode] returns them. What hasn't the form of
// the provider's codes is wrong, but no attempt.
type IdentityProvider interface {
	// Name is the provider's part of an Identity.
	Name() string

	// SignUp makes an account. A taken address is [domain.CodeUserExists], a weak
	// password [domain.CodePasswordPolicy] on field "password", a refusal by the
	// provider's own rules [domain.CodeSignUpRefused]. A code that couldn't be
	// delivered is a success: the account exists, and ResendCode tries again.
	//
	// Where new users need to confirm their address, one that nobody confirmed isn't
	// taken: SignUp replaces its password and its code together, and keeps its
	// identity. Otherwise the address could be held by a stranger, whose password the
	// owner's code would confirm. A provider that can't replace them refuses the
	// address as taken; ForgotPassword and ResetPassword are then the owner's way.
	SignUp(ctx context.Context, email domain.Email, password domain.Secret) (NewUser, error)

	// ConfirmSignUp proves that the address is the user's, and ends what was before:
	// all other codes, and all sessions. A code that is wrong, spent or expired, and
	// an unknown address, are [domain.CodeCodeInvalid].
	ConfirmSignUp(ctx context.Context, email domain.Email, code domain.Secret) error

	// ResendCode sends a new confirmation code, if there is an account that waits
	// for one. Whether there is, nobody learns.
	ResendCode(ctx context.Context, email domain.Email) error

	// SignIn gives tokens, or a challenge to answer first. An unknown address and a
	// wrong password are both [domain.CodeInvalidCredentials] in about the same
	// time; a right password may meet [domain.CodeUserNotConfirmed] or
	// [domain.CodePasswordReset].
	SignIn(ctx context.Context, email domain.Email, password domain.Secret) (SignIn, error)

	// RespondToChallenge answers a challenge of SignIn, or of itself. A name that is
	// none of [Challenge]'s is [domain.Invalid] on field "challengeName". A wrong
	// answer or session is [domain.CodeChallengeInvalid]; a new password that is too
	// weak is [domain.CodePasswordPolicy] on field "responses.NEW_PASSWORD".
	RespondToChallenge(ctx context.Context, email domain.Email, answer ChallengeAnswer) (SignIn, error)

	// Refresh exchanges a refresh token for new tokens. Refresh of the answer is
	// empty where the token stays the same. A token that is unknown, expired or
	// revoked is [domain.CodeRefreshInvalid]. Where the provider rotates them, one that
	// was exchanged before is [domain.CodeRefreshReused], except within some seconds of
	// the first exchange and before a successor was exchanged: two tabs of a browser
	// may ask at once, or an answer may be lost. All that it was exchanged for is good.
	Refresh(ctx context.Context, refresh domain.Secret) (Tokens, error)

	// Revoke ends the session of a refresh token. An unknown token is no error.
	Revoke(ctx context.Context, refresh domain.Secret) error

	// SignOutEverywhere ends every session of the user whose access token it is. A
	// token that the provider doesn't honour is [domain.CodeInvalidToken].
	SignOutEverywhere(ctx context.Context, access domain.Secret) error

	// ForgotPassword sends a code for ResetPassword, if there is an account. Its address
	// needn't be confirmed yet. The caller doesn't learn whether there is one.
	ForgotPassword(ctx context.Context, email domain.Email) error

	// ResetPassword sets a new password, confirms the address, and ends what was
	// before: all other codes, and all sessions. The code's errors are ConfirmSignUp's,
	// the password's are SignUp's, on field "newPassword".
	ResetPassword(ctx context.Context, email domain.Email, code, password domain.Secret) error

	// User returns the user whose access token it is. A token that the provider
	// doesn't honour is [domain.CodeInvalidToken].
	User(ctx context.Context, access domain.Secret) (User, error)
}

// NewUser is an account that was just made.
type NewUser struct {
	Identity  domain.Identity // zero where a failed delivery of the code hid it; a token of SignIn tells it
	Confirmed bool            // false: SignIn is refused until ConfirmSignUp
	Delivery  *CodeDelivery   // where the confirmation code went, if one was sent
}

// CodeDelivery says where a code went, in the words of Cognito's API.
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

// Tokens are what a signed-in user holds.
type Tokens struct {
	Access    domain.Secret
	ID        domain.Secret
	Refresh   domain.Secret // empty: the caller's stays valid
	ExpiresIn time.Duration // of Access and ID
	Type      string        // "Bearer"
}

// Challenge is what the provider wants to know before it gives tokens.
type Challenge struct {
	Name       string            // NEW_PASSWORD_REQUIRED, SOFTWARE_TOKEN_MFA, SMS_MFA, EMAIL_OTP
	Session    domain.Secret     // to be sent back with the answer
	Parameters map[string]string // what the person needs to know to answer
}

// ChallengeAnswer answers a [Challenge].
type ChallengeAnswer struct {
	Name      string
	Session   domain.Secret
	Responses map[string]domain.Secret // by the provider's names, such as NEW_PASSWORD
}

// User is what the provider knows about a person.
type User struct {
	Identity      domain.Identity
	Email         domain.Email // zero if the provider has none
	EmailVerified bool
}
