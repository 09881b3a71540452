package identities

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
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
// user who existed. If somebody else redeems the claim in the same moment, the
// account is made and the error is [domain.CodeClaimInvalid].
func (s *Service) SignUp(ctx context.Context, account SignUp) (ports.NewUser, error) {
	if err := present("password", account.Password, maxPasswordLen); err != nil {
		return ports.NewUser{}, err
	}
	if !account.ClaimToken.IsZero() {
		if err := s.Tenants.CheckClaim(ctx, account.ClaimToken); err != nil {
			return ports.NewUser{}, err
		}
	}
	user, err := s.Provider.SignUp(ctx, account.Email, account.Password)
	if err != nil || account.ClaimToken.IsZero() {
		return user, err
	}
	// The account exists now: a caller who hangs up here must not lose the claim.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redeemTimeout)
	defer cancel()
	if _, err := s.Tenants.ClaimForNewUser(ctx, user.Identity, account.Email, account.ClaimToken); err != nil {
		return ports.NewUser{}, afterSignUp(err)
	}
	return user, nil
}

const redeemTimeout = 10 * time.Second

// afterSignUp says, beside what went wrong with the claim, that the account stands.
func afterSignUp(err error) error {
	kind, code := domain.KindOf(err), domain.CodeOf(err)
	return &domain.Error{
		Kind:    kind,
		Code:    code,
		Field:   "claimToken",
		Message: "the account was made, but the tenant could not be claimed with it; sign in and claim it with POST /tenants/{id}/claim",
		Err:     err,
	}
}

// VerifyEmail proves with the code that was sent that the address is the user's.
func (s *Service) VerifyEmail(ctx context.Context, email domain.Email, code domain.Secret) error {
	if err := present("code", code, maxCodeLen); err != nil {
		return err
	}
	return s.Provider.ConfirmSignUp(ctx, email, code)
}

// ResendCode sends a new code to an address that waits for one.
func (s *Service) ResendCode(ctx context.Context, email domain.Email) error {
	return s.Provider.ResendCode(ctx, email)
}
