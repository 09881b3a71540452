package identities

import (
	"context"
	"errors"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// makeAccount creates the account and, with a claim or an invitation, makes its user a
// member of a tenant; then it creates the account after the token was found valid. It
// reports whether the account was created, which may be true beside an error.
func (s *Service) makeAccount(ctx context.Context, from limits.Address, account SignUp) (user ports.CreatedUser, made bool, err error) {
	signUp := func(ctx context.Context) (domain.Identity, error) {
		user, err = s.Provider.SignUp(ctx, account.Email, account.Password)
		made = err == nil
		return user.Identity, err
	}
	identified := func(ctx context.Context) (domain.Identity, error) {
		identity, err := signUp(ctx)
		if made && identity.IsZero() {
			err = domain.Errorf(domain.Conflict, "the identity provider made an account, but did not return its identity")
		}
		return identity, err
	}
	after := afterClaim
	switch {
	case !account.ClaimToken.IsZero():
		_, err = s.Tenants.ClaimBySignUp(ctx, from, account.ClaimToken, identified)
	case !account.InvitationToken.IsZero() && s.Invitations == nil:
		return user, made, domain.NewError(domain.CodeInvitationInvalid)
	case !account.InvitationToken.IsZero():
		_, err = s.Invitations.AcceptBySignUp(ctx, from, account.Email, account.InvitationToken, identified)
		after = afterInvitation
	default:
		_, err := signUp(ctx)
		return user, made, err
	}
	if made && err != nil {
		return ports.CreatedUser{}, made, after(err)
	}
	return user, made, err
}

// afterClaim reports, beside the error of the claim, that the account exists.
func afterClaim(err error) error {
	after := afterSignUp(err, "claimToken", "the account was made, but the tenant is not claimed yet; sign in, and claim it with the same token")
	switch after.Code {
	case domain.CodeClaimInvalid:
		after.Message = "the account was made, but another user claimed the tenant first"
	case domain.CodeTenantQuota:
		after.Message = "the account was made anew, but its user owns as many tenants as one user may; sign up with another address, which can use the same token"
	}
	return after
}

// afterInvitation is afterClaim for an invitation.
func afterInvitation(err error) error {
	after := afterSignUp(err, "invitationToken", "the account was made, but the invitation is not accepted yet; sign in, and accept it with the same token")
	if after.Code == domain.CodeInvitationInvalid {
		after.Message = "the account was made, but the invitation was used or ended in the meantime; ask for another"
	}
	return after
}

func afterSignUp(err error, field, message string) *domain.Error {
	after := domain.Errorf(domain.KindOf(err), "%s", message).WithCode(domain.CodeOf(err)).WithField(field).WithRetryAfter(retryAfter(err)).WithCause(err)
	if after.Kind == domain.Internal && errors.Is(err, context.DeadlineExceeded) {
		after.Kind, after.Code = domain.Unavailable, ""
	}
	return after
}

func retryAfter(err error) (wait time.Duration) {
	if e, ok := errors.AsType[*domain.Error](err); ok && e != nil {
		wait = e.RetryAfter
	}
	return wait
}
