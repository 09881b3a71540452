package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// MemberStore tells who belongs to which tenant. It is asked on every request,
// so that who is removed is refused on the next one: implementations don't cache.
type MemberStore interface {
	// Find returns the tenant and who's membership in it, in one look-up. Where
	// either is absent it returns [domain.CodeTenantNotFound]; a suspended tenant
	// is found.
	Find(ctx context.Context, who domain.Identity, id domain.TenantID) (domain.Tenant, domain.Membership, error)

	// Memberships returns who's tenants of status [domain.Active] and their place
	// in each, in the order of the tenants' IDs, at most limit of them.
	Memberships(ctx context.Context, who domain.Identity, limit int) ([]TenantMembership, error)
}

// TenantMembership is a tenant together with somebody's place in it.
type TenantMembership struct {
	Tenant     domain.Tenant
	Membership domain.Membership
}
