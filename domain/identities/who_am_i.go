package identities

import (
	"context"
	"errors"
	"slices"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Profile describes a signed-in caller.
type Profile struct {
	Identity domain.Identity
	Email    domain.Email // zero if the provider has none, or can't be asked now
	Tenants  []ports.TenantMembership
}

const maxProfileTenants = 200

// WhoAmI returns the caller, their address, and at most 200 of their tenants: active
// ones, and the suspended and deleted ones that they own. A token that the provider
// does not accept is [domain.CodeInvalidToken]. If the provider cannot be reached, or the
// token does not let it describe the user, only the address is missing. A verified address
// is kept in the caller's memberships, where the lists of members show it.
func (s *Service) WhoAmI(ctx context.Context, caller ports.Caller) (Profile, error) {
	if err := caller.Identity().Require(); err != nil {
		return Profile{}, err
	}
	memberships, err := s.Directory.Visible(ctx, caller.Identity(), maxProfileTenants)
	if err != nil {
		return Profile{}, err
	}
	profile := Profile{Identity: caller.Identity(), Tenants: memberships}
	user, err := s.Provider.User(ctx, caller.Token())
	if isOptional(err) {
		return profile, nil
	}
	if err != nil {
		return Profile{}, err
	}
	profile.Email = user.Email
	return profile, s.refreshEmail(ctx, user, memberships)
}

// isOptional reports whether err leaves only the address out: the memberships are in our
// own store.
func isOptional(err error) bool {
	return errors.Is(err, domain.Unavailable) || errors.Is(err, domain.Limited) || errors.Is(err, domain.CodeInsufficientScope)
}

// refreshEmail keeps the user's address in their memberships if it is verified and new
// there.
func (s *Service) refreshEmail(ctx context.Context, user ports.User, memberships []ports.TenantMembership) error {
	if s.Emails == nil || !user.EmailVerified {
		return nil
	}
	isNew := func(m ports.TenantMembership) bool { return m.Membership.Email != user.Email }
	if !slices.ContainsFunc(memberships, isNew) {
		return nil
	}
	return s.Emails.SetEmail(ctx, memberships[0].Membership.Identity, user.Email)
}
