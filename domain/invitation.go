package domain

import "time"

// InvitationState says whether an invitation may be used. Only an [InvitationOpen] one
// can be accepted.
type InvitationState string

// The states of an invitation.
const (
	InvitationOpen     InvitationState = "open"
	InvitationAccepted InvitationState = "accepted"
	InvitationRevoked  InvitationState = "revoked" // by a member or the operator, or replaced by another invitation to its address
	InvitationExpired  InvitationState = "expired"
)

// ParseInvitationState accepts the name of a state; anything else is an [Invalid] error
// on field "state".
func ParseInvitationState(s string) (InvitationState, error) {
	return parseWord("state", "an invitation's state", s, InvitationOpen, InvitationAccepted, InvitationRevoked, InvitationExpired)
}

// MayBeResent reports whether an invitation of the state may be resent or revoked.
func (s InvitationState) MayBeResent() bool { return s == InvitationOpen || s == InvitationExpired }

// How long an invitation can be accepted.
const (
	DefaultInvitationLife = 7 * 24 * time.Hour
	MinInvitationLife     = time.Hour
	MaxInvitationLife     = 30 * 24 * time.Hour
)

// CheckInvitationLife returns an [Invalid] error on field "expiresIn" for a life that no
// invitation may have.
func CheckInvitationLife(life time.Duration) error {
	if life < MinInvitationLife || life > MaxInvitationLife {
		return Invalidf("expiresIn", "an invitation expires in %d to %d seconds", MinInvitationLife/time.Second, MaxInvitationLife/time.Second)
	}
	return nil
}

// ParseInvitationLife returns the life of a number of seconds. Its error is that of
// [CheckInvitationLife].
func ParseInvitationLife(seconds int64) (time.Duration, error) {
	const most = int64(MaxInvitationLife / time.Second)
	life := time.Duration(min(max(seconds, 0), most+1)) * time.Second // which does not overflow
	return life, CheckInvitationLife(life)
}

// Invitation offers a role in a tenant. It is sent to an address, or is a link for any
// person who gets it. A token that is good once accepts it.
type Invitation struct {
	ID         InvitationID
	Tenant     TenantID
	Email      Email // zero: by link
	Role       Role
	CreatedBy  Actor
	CreatedAt  time.Time     // UTC
	Life       time.Duration // from its creation, and again from each resending
	ExpiresAt  time.Time     // UTC
	State      InvitationState
	Generation int      // 1, and one more after each resending, which ends the tokens of the generation before
	AcceptedBy Identity // zero: it is not accepted
}

// IsZero reports whether i is no invitation.
func (i Invitation) IsZero() bool { return i.ID.IsZero() }

// ByMail reports whether the token goes to an address alone.
func (i Invitation) ByMail() bool { return !i.Email.IsZero() }

// CheckInvitation returns nil if a member, whose membership is by, may create, resend
// or revoke an invitation to the role. A zero by is no membership, or one that does not
// admit.
//
// Errors: [CodeTenantNotFound] if by is zero, [Forbidden] without [ManageMembers],
// [CodeRoleTooLow].
func CheckInvitation(by Membership, role Role) error {
	if by.IsZero() {
		return NewError(CodeTenantNotFound)
	}
	if err := by.Role.Require(ManageMembers); err != nil {
		return err
	}
	if role.exceeds(by.Role) {
		return NewError(CodeRoleTooLow)
	}
	return nil
}

// CheckInviting is [CheckInvitation] for an invitation that is created or resent. It
// also refuses, with [CodeExpiryTooLate], a member whose own membership expires,
// because the membership of the invited person would outlive it.
func CheckInviting(by Membership, role Role) error {
	if err := CheckInvitation(by, role); err != nil {
		return err
	}
	if !by.ExpiresAt.IsZero() {
		return NewError(CodeExpiryTooLate).WithMessage("your own membership expires; ask a member whose membership does not to invite")
	}
	return nil
}

// CheckAddress returns nil if an identity whose verified address is email may accept
// the invitation. The zero Email is no verified address.
//
// Errors: [CodeEmailUnverified], [CodeEmailMismatch].
func (i Invitation) CheckAddress(email Email) error {
	switch {
	case !i.ByMail():
		return nil
	case email.IsZero():
		return NewError(CodeEmailUnverified)
	case !email.Equal(i.Email):
		return NewError(CodeEmailMismatch)
	}
	return nil
}

// Accept returns the membership of an identity that accepts the invitation at the time.
// from is its membership before, in any condition, or zero. email is its verified
// address, or zero.
//
// An identity that is no member becomes one. A membership that has expired becomes
// active in the invitation's role, and expires no more, as does one whose role is below
// that of the invitation. Any other membership stays as it is.
//
// Errors: those of [Invitation.CheckAddress]; [CodeMemberInactive] for a suspended
// member.
func (i Invitation) Accept(from Membership, identity Identity, email Email, at time.Time) (Membership, error) {
	if err := i.CheckAddress(email); err != nil {
		return Membership{}, err
	}
	switch {
	case from.IsZero():
		return Membership{
			Tenant: i.Tenant, Identity: identity, Role: i.Role, State: MemberActive,
			CreatedAt: storedTime(at), Email: email, GrantedBy: i.CreatedBy,
		}, nil
	case from.State != MemberActive:
		return Membership{}, errOwnSuspension()
	case !from.ExpiredAt(at) && !i.Role.exceeds(from.Role):
		return from, nil
	}
	to := from
	to.Role, to.ExpiresAt, to.GrantedBy, to.Reason = i.Role, time.Time{}, i.CreatedBy, ""
	if !email.IsZero() {
		to.Email = email
	}
	return to, nil
}

// errOwnSuspension refuses a suspended member who accepts an invitation.
func errOwnSuspension() *Error {
	return NewError(CodeMemberInactive).WithMessage("your membership is suspended; ask an owner or an admin of the tenant")
}

// AcceptAgain returns the membership of an identity that accepted the invitation
// before, which is the same answer as long as the membership stands.
//
// Errors: [CodeInvitationInvalid] if another identity accepted it, or the membership
// has ended since; [CodeMemberInactive] for a suspended member.
func (i Invitation) AcceptAgain(now Membership, identity Identity, at time.Time) (Membership, error) {
	switch {
	case i.State != InvitationAccepted, i.AcceptedBy != identity, now.IsZero(), now.ExpiredAt(at):
		return Membership{}, NewError(CodeInvitationInvalid)
	case now.State != MemberActive:
		return Membership{}, errOwnSuspension()
	}
	return now, nil
}
