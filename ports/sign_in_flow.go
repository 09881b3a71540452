package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// SignInFlow exchanges a password for tokens, in one step or several. It is part of an
// [IdentityProvider].
type SignInFlow interface {
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
}

// SignIn is a step towards tokens: either Challenge or Tokens is set.
type SignIn struct {
	Tokens    Tokens
	Challenge *Challenge
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
