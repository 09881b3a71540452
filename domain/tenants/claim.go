package tenants

import (
	"context"
	"errors"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// Claim creates the tenant id, which waits for an owner, and makes the creator, or
// by.For, its first owner. An owner who claimed it before with the same token gets the
// same answer.
//
// Errors: [domain.CodeClaimInvalid] on field "claimToken" for a token that is
// unknown, spent, expired, or another tenant's; [domain.CodeTenantQuota] and
// [domain.Limited] as for [Service.Create]; [domain.Limited] beyond [ClaimsPerAddress]
// refused tokens.
func (s *Service) Claim(ctx context.Context, by Creator, id domain.TenantID, token domain.Secret) (ports.TenantMembership, error) {
	if err := id.Require(); err != nil {
		return ports.TenantMembership{}, err
	}
	if err := by.check(); err != nil {
		return ports.TenantMembership{}, err
	}
	if by.owner().IsZero() {
		return ports.TenantMembership{}, domain.Errorf(domain.Unauthenticated, "sign in to claim a tenant")
	}
	owner, err := s.admitClaim(ctx, by)
	if err != nil {
		return ports.TenantMembership{}, err
	}
	claimed, err := s.Reservations.Claim(limits.WithAddress(ctx, by.From), ports.Claim{
		Token:  claimHash(token),
		Tenant: id,
		Owner:  by.owner(),
		Email:  owner.email,
		By:     by.actor(),
		Admit:  s.refuseOrphans,
		Limits: owner.limits,
	})
	if !isGuess(err) {
		s.goodToken(by, err != nil || claimed.Replayed)
	}
	return claimed.TenantMembership, err
}

// ClaimBySignUp creates the tenant of the token for a new user, whom signUp creates.
// It calls signUp after the token was found valid, when it has its turn to create the
// tenant: an earlier failure leaves no account, and a failure of signUp leaves the
// token unspent. Its errors are those of Claim and signUp.
//
// The event has no address, because that of a new account is not confirmed.
func (s *Service) ClaimBySignUp(ctx context.Context, from limits.Address, token domain.Secret, signUp func(ctx context.Context) (domain.Identity, error)) (ports.TenantMembership, error) {
	claimed, err := s.Reservations.Claim(limits.WithAddress(ctx, from), ports.Claim{
		Token: claimHash(token),
		Admit: s.refuseOrphans,
		SignUp: func(ctx context.Context) (domain.Identity, error) {
			owner, err := signUp(ctx)
			if err == nil {
				err = owner.Require()
			}
			return owner, err
		},
		Limits: ports.MakingLimits{MaxOwned: s.tenantsPerOwner(), Unconfirmed: s.Limits.unconfirmed(from)},
	})
	return claimed.TenantMembership, err
}

// isGuess reports whether err is the result of a wrong token. A caller who hangs up
// before the answer counts as one who sent a wrong token.
func isGuess(err error) bool {
	return errors.Is(err, domain.CodeClaimInvalid) || errors.Is(err, context.Canceled)
}

// claimHash returns the hash by which the store finds the token. Space around a token
// comes from copying it.
func claimHash(token domain.Secret) domain.TokenHash {
	return domain.NewSecret(strings.TrimSpace(token.Reveal())).Hash()
}
