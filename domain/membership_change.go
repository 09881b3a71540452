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

// CheckMembershipChange returns nil if by may turn the membership of into to in the
// tenant that both belong to. The zero to ends the membership. A zero by or of is no
// membership; by is zero too if it does not admit.
//
// Each member may leave. Any other change requires [ManageMembers], and neither the
// member's role nor the new one may be above by's own: only owners promote and demote
// owners. No change may extend a membership beyond the end of by's own, so that
// temporary access stays temporary. CheckMembershipChange does not check whether an
// owner remains: see [Membership.KeepsOwnership].
//
// Errors: [CodeTenantNotFound] if by is no member, [Forbidden] without the permission,
// [CodeMemberNotFound] if there is no member, [CodeRoleTooLow], [CodeExpiryTooLate].
func CheckMembershipChange(by, of, to Membership) error {
	switch {
	case by.IsZero():
		return NewError(CodeTenantNotFound)
	case to.IsZero() && of.Identity == by.Identity:
		return nil
	}
	if err := by.Role.Require(ManageMembers); err != nil {
		return err
	}
	switch {
	case of.IsZero():
		return NewError(CodeMemberNotFound)
	case of.Role.exceeds(by.Role), to.Role.exceeds(by.Role):
		return NewError(CodeRoleTooLow)
	case !to.IsZero() && to.outlives(of) && to.outlives(by):
		return NewError(CodeExpiryTooLate)
	}
	return nil
}

// ChangeMembership returns the membership to, into which actor turns the membership of, unless
// the change is refused. The tenant has owners whose memberships keep its ownership.
// A zero to ends the membership; by is the actor's own membership, unless the actor is
// the operator. Where the role changes, actor becomes the author of the grant.
//
// Errors: those of [CheckMembershipChange], and [CodeMemberNotFound] to the operator;
// [CodeLastOwner].
func ChangeMembership(actor Actor, by, of, to Membership, owners int) (Membership, error) {
	if !actor.IsOperator() {
		if err := CheckMembershipChange(by, of, to); err != nil {
			return Membership{}, err
		}
	}
	switch {
	case of.IsZero():
		return Membership{}, NewError(CodeMemberNotFound)
	case of.KeepsOwnership() && !to.KeepsOwnership() && owners <= 1:
		return Membership{}, NewError(CodeLastOwner)
	}
	if to.Role != of.Role {
		to.GrantedBy = actor
	}
	return to, nil
}

// HandOverTenant returns the memberships of heir, who becomes an owner, and of the
// owner by, whose role becomes ownRole. The tenant has owners whose memberships keep
// its ownership.
//
// Errors: [CodeTenantNotFound] if by is no member, [Forbidden] if by is no owner,
// [CodeMemberNotFound] if heir is no member, [CodeMemberInactive] if heir's membership
// does not admit at the time, [CodeLastOwner].
func HandOverTenant(by, heir Membership, ownRole Role, owners int, at time.Time) (Membership, Membership, error) {
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
	newHeir, own := heir, by
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
