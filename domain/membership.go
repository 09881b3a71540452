package domain

import "time"

// Membership is a row that says: this identity has this role in this tenant.
type Membership struct {
	Tenant    TenantID
	Identity  Identity
	Role      Role
	CreatedAt time.Time // UTC
}
