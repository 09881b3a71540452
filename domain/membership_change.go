package domain

import "time"

// MembershipChange names what changes in a membership. A nil field stays as it is.
type MembershipChange struct {
	Role      *Role
	State     *MemberState
	ExpiresAt *time.Time // the zero time: never
	Reason    *string    // may be empty
}

// Apply returns m with the change made.
func (c MembershipChange) Apply(m Membership) Membership {
	if c.Role != nil {
		m.Role = *c.Role
	}
	if c.State != nil {
		m.State = *c.State
	}
	if c.ExpiresAt != nil {
		m.ExpiresAt = storedTime(*c.ExpiresAt)
	}
	if c.Reason != nil {
		m.Reason = *c.Reason
	}
	return m
}

// Validate returns an [Invalid] error on the first field whose value does not exist.
func (c MembershipChange) Validate() error {
	if c.Role != nil {
		if _, err := ParseRole(string(*c.Role)); err != nil {
			return err
		}
	}
	if c.State != nil {
		if _, err := ParseMemberState(string(*c.State)); err != nil {
			return err
		}
	}
	if c.Reason != nil && *c.Reason != "" {
		_, err := ParseReason(*c.Reason)
		return err
	}
	return nil
}

// CheckMembershipChange returns nil if a member, whose membership is by, may change the
// membership from to the membership to in the same tenant. A zero by is no membership,
// or one that does not admit. A zero from is no membership, and a zero to ends it.
//
// Each member may leave. Any other change requires [ManageMembers], and neither the
// member's role nor the new one may be above by's own: only owners promote and demote
// owners. No change may extend a membership beyond the end of by's own, so that
// temporary access stays temporary. CheckMembershipChange does not check whether an
// owner remains: see [Membership.KeepsOwnership].
//
// Errors: [CodeTenantNotFound] if by is zero, [Forbidden] without the permission,
// [CodeMemberNotFound] if from is zero, [CodeRoleTooLow], [CodeExpiryTooLate].
func CheckMembershipChange(by, from, to Membership) error {
	switch {
	case by.IsZero():
		return NewError(CodeTenantNotFound)
	case to.IsZero() && from.Identity == by.Identity:
		return nil
	}
	if err := by.Role.Require(ManageMembers); err != nil {
		return err
	}
	switch {
	case from.IsZero():
		return NewError(CodeMemberNotFound)
	case from.Role.exceeds(by.Role), to.Role.exceeds(by.Role):
		return NewError(CodeRoleTooLow)
	case !to.IsZero() && to.outlives(from) && to.outlives(by):
		return NewError(CodeExpiryTooLate)
	}
	return nil
}

// ChangeMembership returns the membership to as a store keeps it after the actor's
// change of the membership from. A zero to ends the membership. by is the actor's own
// membership, and is not read if the actor is the operator; owners is the number of the
// tenant's memberships that keep its ownership. Where the role changes, the actor
// becomes the author of the grant.
//
// Errors: those of [CheckMembershipChange], and [CodeMemberNotFound] to the operator;
// [CodeLastOwner].
func ChangeMembership(actor Actor, by, from, to Membership, owners int) (Membership, error) {
	if !actor.IsOperator() {
		if err := CheckMembershipChange(by, from, to); err != nil {
			return Membership{}, err
		}
	}
	switch {
	case from.IsZero():
		return Membership{}, NewError(CodeMemberNotFound)
	case from.KeepsOwnership() && !to.KeepsOwnership() && owners <= 1:
		return Membership{}, NewError(CodeLastOwner)
	}
	if to.Role != from.Role {
		to.GrantedBy = actor
	}
	return to, nil
}

// HandOverTenant returns the memberships after a handover: that of heir, who becomes an
// owner, and that of the owner by, whose role becomes ownRole. owners is the number of
// the tenant's memberships that keep its ownership.
//
// Errors: [CodeTenantNotFound] if by is zero, [Forbidden] if by is no owner,
// [CodeMemberNotFound] if heir is zero, [CodeMemberInactive] if heir's membership does
// not admit at the time, [CodeLastOwner].
func HandOverTenant(by, heir Membership, ownRole Role, owners int, at time.Time) (newHeir, own Membership, err error) {
	switch {
	case by.IsZero():
		return heir, by, NewError(CodeTenantNotFound)
	case by.Role != RoleOwner:
		return heir, by, Errorf(Forbidden, "only an owner hands the tenant over")
	case heir.IsZero():
		return heir, by, NewError(CodeMemberNotFound)
	case !heir.Admits(at):
		return heir, by, NewError(CodeMemberInactive)
	}
	newHeir, own = heir, by
	newHeir.Role, own.Role = RoleOwner, ownRole
	if newHeir.KeepsOwnership() && !heir.KeepsOwnership() {
		owners++
	}
	if by.KeepsOwnership() && !own.KeepsOwnership() && owners <= 1 {
		return heir, by, NewError(CodeLastOwner)
	}
	if newHeir.Role != heir.Role {
		newHeir.GrantedBy = UserActor(by.Identity)
	}
	if own.Role != by.Role {
		own.GrantedBy = UserActor(by.Identity)
	}
	return newHeir, own, nil
}
