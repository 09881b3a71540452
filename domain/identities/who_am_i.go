package identities

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Profile is what a signed-in caller learns of themselves.
type Profile struct {
	Identity domain.Identity
	Email    domain.Email // zero if the provider has none, or can't be asked now
	Tenants  []ports.TenantMembership
}

const maxProfileTenants = 200

// WhoAmI returns the caller, their address, and their active tenants, at most
// 200 of them. A token that the provider doesn't honour is
// [domain.CodeInvalidToken]; a provider that is away costs no more than the address.
func (s *Service) WhoAmI(ctx context.Context, caller ports.Caller) (Profile, error) {
	memberships, err := s.Members.Memberships(ctx, caller.Identity, maxProfileTenants)
	if err != nil {
		return Profile{}, err
	}
	profile := Profile{Identity: caller.Identity, Tenants: memberships}
	user, err := s.Provider.User(ctx, caller.Token)
	switch domain.KindOf(err) {
	case domain.Unavailable, domain.Limited:
		return profile, nil // the address is a courtesy; the memberships are ours
	}
	if err != nil {
		return Profile{}, err
	}
	profile.Email = user.Email
	return profile, nil
}
