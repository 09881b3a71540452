package domain

import "time"

// Invitation offers a role in a tenant to whoever holds its token. One that
// isn't bound to an address is a claim: it makes its bearer the tenant's first owner.
type Invitation struct {
	Tenant    TenantID
	Role      Role
	Email     Email // zero for a claim
	ExpiresAt time.Time
}

// IsClaim reports whether the invitation is a claim.
func (i Invitation) IsClaim() bool { return i.Email.IsZero() }
