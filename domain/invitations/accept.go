package invitations

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// Preview returns what the invitation of a token offers, for a page that shows it before
// the invited person signs in. It spends nothing.
//
// Errors: [domain.CodeInvitationInvalid] on field "invitationToken", whatever the reason;
// [domain.Limited] beyond [TokensPerAddress] refused tokens.
func (s *Service) Preview(ctx context.Context, from limits.Address, token domain.Secret) (ports.InvitationOffer, error) {
	if err := s.Limits.token(from); err != nil {
		return ports.InvitationOffer{}, err
	}
	offer, err := s.Tokens.Peek(ctx, tokenHash(token))
	s.settle(from, err)
	return offer, err
}

// Accept makes the caller a member of the tenant of the token, or returns the same
// answer to a caller who accepted before and is still a member. A member whose role is
// below that of the invitation gets its role; for any other active member nothing
// changes, and the token is spent.
//
// Errors: [domain.CodeInvitationInvalid] on field "invitationToken";
// [domain.CodeEmailMismatch] and [domain.CodeEmailUnverified] for an invitation by mail,
// unless the caller's verified address is the invited one; [domain.CodeMemberInactive]
// for a suspended member; [domain.Limited] beyond [TokensPerAddress] refused tokens;
// those of [ports.UserReader] for an invitation by mail.
func (s *Service) Accept(ctx context.Context, from limits.Address, caller ports.Caller, token domain.Secret) (ports.AcceptedInvitation, error) {
	if caller.IsZero() {
		return ports.AcceptedInvitation{}, domain.Errorf(domain.Unauthenticated, "sign in to accept an invitation")
	}
	if err := s.Limits.token(from); err != nil {
		return ports.AcceptedInvitation{}, err
	}
	accepted, err := s.accept(limits.WithAddress(ctx, from), caller, tokenHash(token))
	s.settle(from, err)
	return accepted, err
}

func (s *Service) accept(ctx context.Context, caller ports.Caller, token domain.TokenHash) (ports.AcceptedInvitation, error) {
	acceptance := ports.InvitationAcceptance{Token: token, Identity: caller.Identity()}
	offer, err := s.Tokens.Peek(ctx, token)
	switch {
	case errors.Is(err, domain.CodeInvitationInvalid): // the caller may have accepted it before
	case err != nil:
		return ports.AcceptedInvitation{}, err
	default:
		if acceptance.Email, err = s.acceptingEmail(ctx, caller, offer); err != nil {
			return ports.AcceptedInvitation{}, err
		}
	}
	return s.Tokens.Accept(ctx, acceptance)
}

// acceptingEmail returns the caller's verified address. An invitation by link does not
// depend on it, so that the identity provider cannot stop its acceptance.
func (s *Service) acceptingEmail(ctx context.Context, caller ports.Caller, offer ports.InvitationOffer) (domain.Email, error) {
	if offer.ByMail() {
		return s.verifiedEmail(ctx, caller)
	}
	ctx, cancel := context.WithTimeout(ctx, userTimeout)
	defer cancel()
	email, _ := s.verifiedEmail(ctx, caller)
	return email, nil
}

const (
	userTimeout   = 5 * time.Second
	acceptTimeout = 10 * time.Second
)

// AcceptBySignUp makes a new user, whom signUp creates, a member of the tenant of the
// token. It calls signUp after the token was found valid for the address: an earlier
// failure leaves no account, and a failure of signUp leaves the token unspent. The token
// of an invitation by mail proves the address, because it went to that address alone.
//
// Errors: [domain.CodeInvitationInvalid] on field "invitationToken";
// [domain.CodeEmailMismatch] if the invitation is for another address than email; those
// of signUp.
func (s *Service) AcceptBySignUp(ctx context.Context, from limits.Address, email domain.Email, token domain.Secret, signUp func(ctx context.Context) (domain.Identity, error)) (ports.AcceptedInvitation, error) {
	if err := email.Require(); err != nil {
		return ports.AcceptedInvitation{}, err
	}
	ctx = limits.WithAddress(ctx, from)
	offer, err := s.Tokens.Peek(ctx, tokenHash(token))
	if err != nil {
		return ports.AcceptedInvitation{}, err
	}
	if err := offer.CheckAddress(email); err != nil {
		return ports.AcceptedInvitation{}, err
	}
	identity, err := signUp(ctx)
	if err != nil {
		return ports.AcceptedInvitation{}, err
	}
	if err := identity.Require(); err != nil {
		return ports.AcceptedInvitation{}, err
	}
	acceptance := ports.InvitationAcceptance{Token: tokenHash(token), Identity: identity}
	if offer.ByMail() {
		acceptance.Email = email
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), acceptTimeout) // the account exists
	defer cancel()
	return s.Tokens.Accept(ctx, acceptance)
}

// settle takes back the count of a token that was not refused. A caller who hangs up
// before the answer counts as one who sent a wrong token.
func (s *Service) settle(from limits.Address, err error) {
	if !errors.Is(err, domain.CodeInvitationInvalid) && !errors.Is(err, context.Canceled) {
		s.Limits.goodToken(from)
	}
}

// tokenHash returns the hash by which the store finds the token. Space around a token
// comes from copying it.
func tokenHash(token domain.Secret) domain.TokenHash {
	return domain.NewSecret(strings.TrimSpace(token.Reveal())).Hash()
}
