package identities

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// SignUp is an account to be created, and the claim or the invitation that its user
// accepts.
type SignUp struct {
	Email           domain.Email
	Password        domain.Secret // at most [domain.MaxPasswordLen] bytes
	ClaimToken      domain.Secret // may be empty
	InvitationToken domain.Secret // may be empty, and is empty beside a ClaimToken
}

// SignUp creates an account. With a claim the new user becomes the owner of its
// tenant, and with an invitation a member. Neither is spent on a sign-up that fails, nor
// granted to a user who existed.
//
// Errors: [domain.CodeUserExists]; [domain.CodePasswordPolicy] on field "password";
// [domain.CodeSignUpRefused]; [domain.CodeClaimInvalid] on field "claimToken";
// [domain.CodeTenantQuota] on the same field if an account whose address is not
// confirmed yet is signed up again, and owns as many tenants as it may;
// [domain.Limited] beyond what callers from one network may claim. After an error on
// field "claimToken" whose message states it, the account exists without the tenant,
// as where another user claimed it in the same moment. With an invitation, errors are
// those of [invitations.Service.AcceptBySignUp]; [domain.Invalid] on field
// "invitationToken" beside a claim.
func (s *Service) SignUp(ctx context.Context, from limits.Address, account SignUp) (ports.CreatedUser, error) {
	if err := account.Email.Require(); err != nil {
		return ports.CreatedUser{}, err
	}
	if err := present("password", account.Password, domain.MaxPasswordLen); err != nil {
		return ports.CreatedUser{}, err
	}
	if !account.ClaimToken.IsZero() && !account.InvitationToken.IsZero() {
		return ports.CreatedUser{}, domain.Invalidf("invitationToken", "sign up with a claimToken or an invitationToken, not with both")
	}
	attempt, err := s.Limits.mail(toSignUp, from, account.Email)
	if err != nil {
		return ports.CreatedUser{}, err
	}
	user, made, err := s.makeAccount(ctx, from, account)
	if user.Confirmed {
		attempt.harmless() // no mail was sent
	}
	if made {
		return user, err
	}
	return user, attempt.mailed(err)
}

// VerifyEmail proves with the code that was sent that the address is the user's. A
// code that is wrong, spent or expired, or for an unknown address, is
// [domain.CodeCodeInvalid].
func (s *Service) VerifyEmail(ctx context.Context, from limits.Address, email domain.Email, code domain.Secret) error {
	if err := email.Require(); err != nil {
		return err
	}
	code, err := oneTimeCode(code)
	if err != nil {
		return err
	}
	attempt, err := s.Limits.guess(toConfirm, from, email)
	if err != nil {
		return err
	}
	return attempt.judged(s.Provider.ConfirmSignUp(ctx, email, code))
}

// ResendCode sends a new code to the address if an account with it waits for one. The
// caller cannot find out whether one does.
func (s *Service) ResendCode(ctx context.Context, from limits.Address, email domain.Email) error {
	if err := email.Require(); err != nil {
		return err
	}
	attempt, err := s.Limits.mail(toResendCode, from, email)
	if err != nil {
		return err
	}
	return attempt.mailed(s.Provider.ResendCode(ctx, email))
}
