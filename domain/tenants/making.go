package tenants

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// newOwner describes the owner of a tenant that is being created.
type newOwner struct {
	email  domain.Email // confirmed; zero if it is not confirmed, or unknown
	limits ports.MakingLimits
}

// admitMaking counts a tenant that a signed-in caller creates or claims, and returns
// the limits that the store enforces. It asks the identity provider whether the
// caller's address is confirmed. The operator is not limited.
func (s *Service) admitMaking(ctx context.Context, by Creator) (newOwner, error) {
	if !by.Operator.IsZero() {
		return newOwner{}, nil
	}
	if err := s.Limits.making(by.Caller.Identity()); err != nil {
		return newOwner{}, err
	}
	owner := newOwner{email: s.confirmedEmail(ctx, by.Caller), limits: ports.MakingLimits{MaxOwned: s.tenantsPerOwner()}}
	if owner.email.IsZero() {
		owner.limits.Unconfirmed = s.Limits.unconfirmed(by.From)
	}
	return owner, nil
}

// admitClaim is admitMaking for a claim. It also counts the token for the caller's
// network address.
func (s *Service) admitClaim(ctx context.Context, by Creator) (newOwner, error) {
	if !by.Operator.IsZero() {
		return newOwner{}, nil
	}
	if err := s.Limits.claim(by.From); err != nil {
		return newOwner{}, err
	}
	owner, err := s.admitMaking(ctx, by)
	if err != nil {
		s.Limits.goodClaim(by.From)
	}
	return owner, err
}

// goodToken takes back what admitClaim counted for a token that was not refused. The
// caller's allowance for tenants comes back only if none was created.
func (s *Service) goodToken(by Creator, notMade bool) {
	if !by.Operator.IsZero() {
		return
	}
	s.Limits.goodClaim(by.From)
	if notMade {
		s.Limits.notMade(by.Caller.Identity())
	}
}

// notMade takes back the count of admitMaking.
func (s *Service) notMade(by Creator) {
	if by.Operator.IsZero() {
		s.Limits.notMade(by.Caller.Identity())
	}
}

func (s *Service) tenantsPerOwner() int {
	return cmp.Or(max(0, s.TenantsPerOwner), DefaultTenantsPerOwner)
}

// confirmedEmail returns the caller's address, and the zero Email if it is not
// confirmed. If the provider cannot answer, the caller counts as unconfirmed, so that
// an outage of the provider neither stops creations nor lifts their limits.
func (s *Service) confirmedEmail(ctx context.Context, caller ports.Caller) domain.Email {
	if s.Users == nil || s.Unproven || caller.Token().IsZero() {
		return domain.Email{}
	}
	ctx, cancel := context.WithTimeout(ctx, userTimeout)
	defer cancel()
	user, err := s.Users.User(ctx, caller.Token())
	switch {
	case err == nil && user.EmailVerified:
		return user.Email
	case err != nil && domain.KindOf(err) != domain.Unauthenticated && !errors.Is(err, domain.CodeInsufficientScope) && !errors.Is(err, context.Canceled):
		s.report(fmt.Errorf("look up the owner of a new tenant: %w", err))
	}
	return domain.Email{}
}

// userTimeout bounds the look-up of an address, because a creation does not depend on
// it.
const userTimeout = 5 * time.Second
