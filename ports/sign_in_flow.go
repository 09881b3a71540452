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
