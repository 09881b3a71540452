package domain

import "time"

// MemberState says whether a membership may be used. Only [MemberActive] admits.
type MemberState string

// The states of a membership.
const (
	MemberActive    MemberState = "active"
	MemberSuspended MemberState = "suspended"
)

// ParseMemberState accepts the name of a state; anything else is an [Invalid] error on
// field "state".
func ParseMemberState(s string) (MemberState, error) {
	return parseWord("state", "a member's state", s, MemberActive, MemberSuspended)
}

// Membership is a row that says: this identity has this role in this tenant.
type Membership struct {
	Tenant    TenantID
	Identity  Identity
	Role      Role
	State     MemberState
	CreatedAt time.Time // UTC
	ExpiresAt time.Time // UTC; zero: never
	Email     Email     // verified, as the provider last returned it; zero: unknown
	GrantedBy Actor     // zero: unknown, or the member created the tenant
	Reason    string    // of the grant or the last change; may be empty
}

// IsZero reports whether m is no membership.
func (m Membership) IsZero() bool { return m.Role == "" }

// Admits reports whether the membership lets its identity act in the tenant at the
// time.
func (m Membership) Admits(at time.Time) bool { return m.State == MemberActive && !m.ExpiredAt(at) }

// ExpiredAt reports whether the membership has expired at the time.
func (m Membership) ExpiredAt(at time.Time) bool {
	return !m.ExpiresAt.IsZero() && !at.Before(m.ExpiresAt)
}

// KeepsOwnership reports whether the tenant has an owner as long as this membership
// stands: an active owner's that does not expire.
func (m Membership) KeepsOwnership() bool {
	return m.Role == RoleOwner && m.State == MemberActive && m.ExpiresAt.IsZero()
}

// Equal reports whether m and other are the same membership in the same condition.
func (m Membership) Equal(other Membership) bool {
	sameTimes := m.CreatedAt.Equal(other.CreatedAt) && m.ExpiresAt.Equal(other.ExpiresAt)
	m.CreatedAt, m.ExpiresAt = other.CreatedAt, other.ExpiresAt
	return sameTimes && m == other
}

// outlives reports whether m ends after other.
func (m Membership) outlives(other Membership) bool {
	switch {
	case other.ExpiresAt.IsZero():
		return false
	case m.ExpiresAt.IsZero():
		return true
	}
	return m.ExpiresAt.After(other.ExpiresAt)
}
