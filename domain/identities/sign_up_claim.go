package identities

import (
	"context"
	"errors"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// makeAccount creates the account and, with a claim, makes its user the owner of a
// tenant; then it creates the account after the claim was found valid. It reports
// whether the account was created, which may be true beside an error.
func (s *Service) makeAccount(ctx context.Context, from limits.Address, account SignUp) (user ports.CreatedUser, made bool, err error) {
	signUp := func(ctx context.Context) (domain.Identity, error) {
		user, err = s.Provider.SignUp(ctx, account.Email, account.Password)
		made = err == nil
		return user.Identity, err
	}
	if account.ClaimToken.IsZero() {
		_, err := signUp(ctx)
		return user, made, err
	}
	_, err = s.Tenants.ClaimBySignUp(ctx, from, account.ClaimToken, func(ctx context.Context) (domain.Identity, error) {
		identity, err := signUp(ctx)
		if made && identity.IsZero() {
			err = domain.Errorf(domain.Conflict, "the identity provider made an account, but did not return its identity")
		}
		return identity, err
	})
	if made && err != nil {
		return ports.CreatedUser{}, made, afterSignUp(err)
	}
	return user, made, err
}

// afterSignUp reports, beside the error of the claim, that the account exists.
func afterSignUp(err error) error {
	after := domain.Errorf(domain.KindOf(err), "the account was made, but the tenant is not claimed yet; sign in, and claim it with the same token").WithCode(domain.CodeOf(err)).WithField("claimToken").WithRetryAfter(retryAfter(err)).WithCause(err)
	switch {
	case after.Code == domain.CodeClaimInvalid:
		after.Message = "the account was made, but another user claimed the tenant first"
	case after.Code == domain.CodeTenantQuota:
		after.Message = "the account was made anew, but its user owns as many tenants as one user may; sign up with another address, which can use the same token"
	case after.Kind == domain.Internal && errors.Is(err, context.DeadlineExceeded):
		after.Kind, after.Code = domain.Unavailable, ""
	}
	return after
}

func retryAfter(err error) (wait time.Duration) {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		wait = e.RetryAfter
	}
	return wait
}
