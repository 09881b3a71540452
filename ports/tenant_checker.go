package ports

import "context"

// TenantChecker finds tenants that are not whole.
type TenantChecker interface {
	// Check returns what the store has of tenants that do not exist, what existing tenants
	// lack, and the purges that failed, in the order of the tenants. A tenant that is being
	// purged lacks nothing. A store without a fault returns none.
	Check(ctx context.Context) ([]TenantFault, error)
}

// TenantFault is something that should not be, or that is missing.
type TenantFault struct {
	Tenant     string // its ID
	What       string // for the operator
	Fix        string // what the operator does about it, without the names of commands; may be empty
	LacksOwner bool   // made by [NoOwner]
}

// NoOwner returns the fault of a tenant that accepts members, and that has no active owner
// whose membership does not expire.
func NoOwner(tenant string) TenantFault {
	return TenantFault{Tenant: tenant, What: "no active owner whose membership does not expire", LacksOwner: true}
}
