package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// MemberChanger changes the memberships of tenants. Each call is one step: a refused
// change changes nothing.
//
// An absent tenant, and one without an owner yet, is [domain.CodeTenantNotFound]. So
// is a tenant that is not [domain.Active] to its members, and every tenant to a member
// whose own membership does not admit at the time of the change. To the operator it is
// each tenant whose status does not accept members: see
// [domain.TenantStatus.AcceptsMembers].
//
// A change by a member or by the operator that leaves the tenant without a membership
// that [domain.Membership.KeepsOwnership] is [domain.CodeLastOwner], also where several
// owners leave at once. A member's change is refused with the error of
// [domain.CheckMembershipChange], which is applied to the memberships as they are when
// the change is made: of two admins who demote each other at once, one succeeds.
type MemberChanger interface {
	// Grant makes grant.Member an active member, or gives a membership that exists the
	// role, the expiry and the reason of the grant. Only the operator grants. A request
	// with an [Idempotency] is repeated as that promises.
	Grant(ctx context.Context, grant MemberGrant) (GrantedMembership, error)

	// Change changes a membership and returns it. Where the role changes, GrantedBy
	// becomes the actor. An identity that is no member is [domain.CodeMemberNotFound].
	Change(ctx context.Context, change MemberChange) (domain.Membership, error)

	// Remove ends a membership. An identity that is no member, any more or yet, is
	// [domain.CodeMemberNotFound].
	Remove(ctx context.Context, removal MemberRemoval) error

	// HandOver makes the heir an owner and gives the owner who hands over another role.
	// It returns both memberships, the heir's first. It is refused with the error of
	// [domain.HandOverTenant].
	HandOver(ctx context.Context, handover Handover) (heir, own domain.Membership, err error)
}

// MemberGrant is a membership that the operator grants.
type MemberGrant struct {
	Tenant    domain.TenantID
	Member    domain.Identity
	Role      domain.Role
	ExpiresAt time.Time // zero: never
	Reason    string

	Idempotency *Idempotency // nil: every call is new
}

// GrantedMembership is the membership that [MemberChanger.Grant] granted, now or before.
type GrantedMembership struct {
	domain.Membership
	Replayed bool
}

// Validate returns a [domain.Invalid] error if the grant lacks its tenant or its
// member, or if the role does not exist.
func (g MemberGrant) Validate() error {
	if err := checkMember(g.Tenant, g.Member); err != nil {
		return err
	}
	_, err := domain.ParseRole(string(g.Role))
	return err
}

// Change returns what the grant changes in a membership that exists.
func (g MemberGrant) Change() domain.MembershipChange {
	active := domain.MemberActive
	return domain.MembershipChange{Role: &g.Role, State: &active, ExpiresAt: &g.ExpiresAt, Reason: &g.Reason}
}

// MemberChange changes the membership of Member.
type MemberChange struct {
	Tenant domain.TenantID
	Member domain.Identity
	By     domain.Actor // the operator, or a member of Tenant
	domain.MembershipChange
}

// Validate returns a [domain.Invalid] error if the change lacks its tenant
// ("tenantId"), its member ("sub") or its actor ("by"), and that of
// [domain.MembershipChange.Validate].
func (c MemberChange) Validate() error {
	if err := checkChange(c.Tenant, c.Member, c.By); err != nil {
		return err
	}
	return c.MembershipChange.Validate()
}

// MemberRemoval ends the membership of Member.
type MemberRemoval struct {
	Tenant domain.TenantID
	Member domain.Identity
	By     domain.Actor // the operator, or a member of Tenant
	Reason string       // may be empty
}

// Validate returns a [domain.Invalid] error if the removal lacks its tenant, its
// member or its actor.
func (r MemberRemoval) Validate() error { return checkChange(r.Tenant, r.Member, r.By) }

// Handover makes Heir an owner, and gives the owner By the role OwnRole.
type Handover struct {
	Tenant  domain.TenantID
	By      domain.Identity
	Heir    domain.Identity
	OwnRole domain.Role
}

// Validate returns a [domain.Invalid] error if the handover lacks its tenant, its heir
// or its actor, if both are one, or if the role does not exist.
func (h Handover) Validate() error {
	if err := checkChange(h.Tenant, h.Heir, domain.UserActor(h.By)); err != nil {
		return err
	}
	if h.Heir == h.By {
		return domain.Invalidf("sub", "name another member, who becomes an owner")
	}
	_, err := domain.ParseRole(string(h.OwnRole))
	return err
}

func checkChange(tenant domain.TenantID, member domain.Identity, by domain.Actor) error {
	if err := checkMember(tenant, member); err != nil {
		return err
	}
	return checkActor(by)
}

func checkMember(tenant domain.TenantID, member domain.Identity) error {
	if err := tenant.Require(); err != nil {
		return err
	}
	return member.Require()
}
