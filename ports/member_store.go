package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// MemberStore keeps who belongs to which tenant. It is asked on every request,
// so that who is removed is refused on the next one: implementations don't cache.
type MemberStore interface {
	// Find returns the tenant and who's membership in it, in one look-up. Where
	// either is absent it returns [domain.CodeTenantNotFound]; a suspended tenant
	// is found.
	Find(ctx context.Context, who domain.Identity, id domain.TenantID) (domain.Tenant, domain.Membership, error)

	// Memberships returns who's tenants of status [domain.Active] and their place
	// in each, in the order of the tenants' IDs, at most limit of them.
	Memberships(ctx context.Context, who domain.Identity, limit int) ([]TenantMembership, error)

	// SetRole gives who the role in tenant id, and makes them a member if they
	// weren't. The empty role ends the membership; where there is none, that is no
	// error. A tenant that is absent, or has no owner yet, is
	// [domain.CodeTenantNotFound]. The last owner stays owner: anything else is
	// [domain.CodeLastOwner], also for owners who leave at once.
	SetRole(ctx context.Context, id domain.TenantID, who domain.Identity, role domain.Role) error
}

// TenantMembership is a tenant together with somebody's place in it.
type TenantMembership struct {
	Tenant     domain.Tenant
	Membership domain.Membership
}
