package identities

import (
	"context"
	"errors"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// SignUp is an account to be made, and the claim that its user shall redeem.
type SignUp struct {
	Email      domain.Email
	Password   domain.Secret // at most 256 bytes
	ClaimToken domain.Secret // may be empty
}

// SignUp makes an account. With a claim the new user becomes the owner of its
// tenant. A claim is never spent on a sign-up that fails, and never given to a
// user who existed.
//
// Errors: [domain.CodeUserExists]; [domain.CodePasswordPolicy] on field "password";
// [domain.CodeSignUpRefused]; [domain.CodeClaimInvalid] on field "claimToken", also
// where somebody else redeemed the claim in the same moment. An error on field
// "claimToken" whose message says so leaves an account without the tenant.
func (s *Service) SignUp(ctx context.Context, from limits.Address, account SignUp) (ports.NewUser, error) {
	if err := present("password", account.Password, maxPasswordLen); err != nil {
		return ports.NewUser{}, err
	}
	attempt, err := s.Limits.mail(toSignUp, from, account.Email)
	if err != nil {
		return ports.NewUser{}, err
	}
	if !account.ClaimToken.IsZero() {
		if err := s.Tenants.CheckClaim(ctx, account.ClaimToken); err != nil {
			return ports.NewUser{}, attempt.mailed(err)
		}
	}
	user, err := s.Provider.SignUp(ctx, account.Email, account.Password)
	if user.Confirmed {
		attempt.harmless() // no mail was sent
	}
	err = attempt.mailed(err)
	if err != nil || account.ClaimToken.IsZero() {
		return user, err
	}
	// The account exists now: a caller who hangs up here must not lose the claim.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redeemTimeout)
	defer cancel()
	if err := s.claimFor(ctx, user, account); err != nil {
		return ports.NewUser{}, afterSignUp(err)
	}
	return user, nil
}

const redeemTimeout = 10 * time.Second

func (s *Service) claimFor(ctx context.Context, user ports.NewUser, account SignUp) error {
	if user.Identity.IsZero() {
		return &domain.Error{Kind: domain.Conflict, Message: "the provider made an account, but doesn't tell whose"}
	}
	_, err := s.Tenants.ClaimForNewUser(ctx, user.Identity, account.Email, account.ClaimToken)
	return err
}

// afterSignUp says, beside what went wrong with the claim, that the account stands.
func afterSignUp(err error) error {
	after := &domain.Error{
		Kind:    domain.KindOf(err),
		Code:    domain.CodeOf(err),
		Field:   "claimToken",
		Message: "the account was made, but the tenant isn't claimed yet; sign in, and claim it with the same token",
		Err:     err,
	}
	switch {
	case after.Code == domain.CodeClaimInvalid:
		after.Message = "the account was made, but somebody else claimed the tenant first"
	case after.Kind == domain.Internal && errors.Is(err, context.DeadlineExceeded):
		after.Kind, after.Code = domain.Unavailable, ""
	}
	return after
}

// VerifyEmail proves with the code that was sent that the address is the user's. A
// code that is wrong, spent or expired, or for an unknown address, is
// [domain.CodeCodeInvalid].
func (s *Service) VerifyEmail(ctx context.Context, from limits.Address, email domain.Email, code domain.Secret) error {
	if err := present("code", code, maxCodeLen); err != nil {
		return err
	}
	attempt, err := s.Limits.guess(toConfirm, from, email)
	if err != nil {
		return err
	}
	return attempt.judged(s.Provider.ConfirmSignUp(ctx, email, code))
}

// ResendCode sends a new code to the address, if it has an account that waits for
// one. The caller doesn't learn whether it has.
func (s *Service) ResendCode(ctx context.Context, from limits.Address, email domain.Email) error {
	attempt, err := s.Limits.mail(toResendCode, from, email)
	if err != nil {
		return err
	}
	return attempt.mailed(s.Provider.ResendCode(ctx, email))
}
