package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// MemberStore finds the memberships that admit their identity: see
// [domain.Membership.Admits]. One that is suspended or has expired, by the store's
// clock, is absent. Every request asks the store, so that a change counts on the next
// request: implementations do not cache.
type MemberStore interface {
	// Find returns the tenant and the identity's membership in it, in one look-up. Where
	// either is absent it returns [domain.CodeTenantNotFound]; a suspended or deleted
	// tenant is found.
	Find(ctx context.Context, identity domain.Identity, id domain.TenantID) (domain.Tenant, domain.Membership, error)

	// Memberships returns the identity's tenants of status [domain.Active] and its
	// membership in each, in the order of the tenants' IDs, at most limit of them.
	Memberships(ctx context.Context, identity domain.Identity, limit int) ([]TenantMembership, error)
}

// TenantMembership is a tenant together with one identity's membership in it.
type TenantMembership struct {
	Tenant     domain.Tenant
	Membership domain.Membership
}
