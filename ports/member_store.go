package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// MemberStore keeps the members of each tenant. Every request asks it, so that a
// removed member is refused on the next request: implementations do not cache.
type MemberStore interface {
	// Find returns the tenant and the identity's membership in it, in one look-up. Where
	// either is absent it returns [domain.CodeTenantNotFound]; a suspended tenant is
	// found.
	Find(ctx context.Context, identity domain.Identity, id domain.TenantID) (domain.Tenant, domain.Membership, error)

	// Memberships returns the identity's tenants of status [domain.Active] and its
	// membership in each, in the order of the tenants' IDs, at most limit of them.
	Memberships(ctx context.Context, identity domain.Identity, limit int) ([]TenantMembership, error)

	// SetRole makes the change. A tenant that is absent, or has no owner yet, is
	// [domain.CodeTenantNotFound]. The last owner stays owner: any other role is
	// [domain.CodeLastOwner], also for owners who leave at once. A change that
	// [RoleChange.Validate] refuses is refused with its error.
	//
	// The operator's change makes Member a member if they were not one. Ending a
	// membership that does not exist is no error.
	//
	// A member's change is refused with the error of [domain.CheckRoleChange], which is
	// applied to both roles as they are when the change is made: of two admins who
	// demote each other at once, one succeeds and the other is refused. A tenant that is
	// not [domain.Active] is [domain.CodeTenantNotFound] to its members. A refused
	// change changes nothing.
	SetRole(ctx context.Context, change RoleChange) error
}

// RoleChange grants Member the Role in Tenant. The empty Role ends the membership.
type RoleChange struct {
	Tenant domain.TenantID
	Member domain.Identity
	Role   domain.Role
	By     Actor // the operator, or a member of Tenant
}

// Validate returns a [domain.Invalid] error if the change lacks its tenant
// ("tenantId"), its member ("sub") or its actor ("by"), or if the role does not exist
// ("role").
func (c RoleChange) Validate() error {
	switch {
	case c.Tenant.IsZero():
		return domain.Invalidf("tenantId", "a change of a role names a tenant")
	case c.Member.IsZero():
		return domain.Invalidf("sub", "a change of a role names a member")
	case !c.By.Operator && c.By.Identity.IsZero():
		return domain.Invalidf("by", "a change of a role is made by the operator or by a member")
	case c.Role == "":
		return nil
	}
	_, err := domain.ParseRole(string(c.Role))
	return err
}

// TenantMembership is a tenant together with one identity's membership in it.
type TenantMembership struct {
	Tenant     domain.Tenant
	Membership domain.Membership
}
