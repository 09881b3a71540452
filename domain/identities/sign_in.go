package identities

import (
	"context"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// SignIn returns tokens for a password, or a challenge to answer first. An unknown
// address and a wrong password are both [domain.CodeInvalidCredentials]; a right
// password may return [domain.CodeUserNotConfirmed] or [domain.CodePasswordReset].
func (s *Service) SignIn(ctx context.Context, from limits.Address, email domain.Email, password domain.Secret) (ports.SignIn, error) {
	if err := email.Require(); err != nil {
		return ports.SignIn{}, err
	}
	if err := present("password", password, domain.MaxPasswordLen); err != nil {
		return ports.SignIn{}, err
	}
	attempt, err := s.Limits.guess(toSignIn, from, email)
	if err != nil {
		return ports.SignIn{}, err
	}
	step, err := s.Provider.SignIn(ctx, email, password)
	return attempt.stepped(step, err)
}

// RespondToChallenge answers a challenge that [Service.SignIn] or RespondToChallenge
// returned. A challenge that does not exist is [domain.Invalid] on field
// "challengeName", a wrong answer or session [domain.CodeChallengeInvalid], and a new
// password that is too weak [domain.CodePasswordPolicy]. Text that cannot be a code
// is a wrong answer, but does not count as an attempt.
func (s *Service) RespondToChallenge(ctx context.Context, from limits.Address, email domain.Email, answer ports.ChallengeAnswer) (ports.SignIn, error) {
	if err := email.Require(); err != nil {
		return ports.SignIn{}, err
	}
	if answer.Name == "" {
		return ports.SignIn{}, domain.Invalidf("challengeName", "challengeName is required")
	}
	if err := present("session", answer.Session, maxSessionLen); err != nil {
		return ports.SignIn{}, err
	}
	responses, err := readResponses(answer.Responses)
	if err != nil {
		return ports.SignIn{}, err
	}
	answer.Responses = responses
	attempt, err := s.Limits.guess(toAnswerChallenge, from, email)
	if err != nil {
		return ports.SignIn{}, err
	}
	step, err := s.Provider.RespondToChallenge(ctx, email, answer)
	return attempt.stepped(step, err)
}

// readResponses checks the responses to a challenge. It reads codes as a person types
// them.
func readResponses(given map[string]domain.Secret) (map[string]domain.Secret, error) {
	read := make(map[string]domain.Secret, len(given))
	for name, response := range given {
		if err := present("responses."+name, response, domain.MaxPasswordLen); err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, "_CODE") {
			digits, ok := domain.ParseOneTimeCode(response)
			if !ok {
				return nil, domain.NewError(domain.CodeChallengeInvalid).WithMessage("a code has digits alone; enter it as the message or the app shows it")
			}
			response = digits
		}
		read[name] = response
	}
	return read, nil
}

// Refresh exchanges a refresh token for new tokens; if the answer has no refresh
// token, the caller's stays valid. A token that is unknown, expired or revoked is
// [domain.CodeRefreshInvalid]; one that was exchanged before is
// [domain.CodeRefreshReused], and its session has ended.
func (s *Service) Refresh(ctx context.Context, from limits.Address, refresh domain.Secret) (ports.Tokens, error) {
	if err := present("refreshToken", refresh, domain.MaxTokenLen); err != nil {
		return ports.Tokens{}, err
	}
	if err := s.Limits.token(from); err != nil {
		return ports.Tokens{}, err
	}
	tokens, err := s.Provider.Refresh(ctx, refresh)
	if err == nil {
		s.Limits.goodToken(from)
	}
	return tokens, err
}
