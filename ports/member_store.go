package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// MemberStore finds the memberships that admit their identity: see
// [domain.Membership.Admits]. One that is suspended or has expired, by the store's
// clock, is absent. Every request asks the store, so that a change counts on the next
// request: implementations do not cache.
//
// A store may read the settings of the tenants in the same look-ups. Without that, the
// settings are zero.
type MemberStore interface {
	// Find returns what admits the identity to the tenant, in one look-up. Where the
	// tenant or the membership is absent it returns [domain.CodeTenantNotFound]; a
	// suspended or deleted tenant is found.
	Find(ctx context.Context, identity domain.Identity, id domain.TenantID) (Admission, error)

	// Memberships returns the identity's tenants of status [domain.Active] and its
	// membership in each, in the order of the tenants' IDs, at most limit of them.
	Memberships(ctx context.Context, identity domain.Identity, limit int) ([]TenantMembership, error)
}

// Admission is what decides whether a member may act in a tenant: no more, because
// every request of a member asks for it.
type Admission struct {
	Status   domain.TenantStatus // of the tenant
	Role     domain.Role         // of the member
	Limits   domain.TenantLimits // of the tenant's own
	Settings domain.Settings     // of the tenant, if the store reads them
}

// TenantMembership is a tenant together with one identity's membership in it.
type TenantMembership struct {
	Tenant     domain.Tenant
	Membership domain.Membership
	Settings   domain.Settings     // of Tenant, if a [MemberStore] reads them
	Limits     domain.TenantLimits // of Tenant, if a [MemberStore] returns it
}
