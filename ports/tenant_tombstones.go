package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// TenantTombstones frees the IDs of tenants that are gone.
//
// Its leases are those of [TenantPurger], so that no process purges objects under an ID
// that was given out again.
type TenantTombstones interface {
	// Hold takes the lease of a tombstone. It makes one, without an event, for an ID that
	// neither a tenant nor a reservation has: so the ID is not given out while the operator
	// removes what lies under it. The ID of any other tenant or reservation is
	// [domain.CodeTenantState], as is that of a tombstone whose objects are to be purged
	// once more. A lease of another process is [ErrPurgeLost].
	Hold(ctx context.Context, lease PurgeLease) error

	// Free removes a tombstone, which ends the lease, so that the ID may be given out again.
	// The event is [domain.EventTenantFreed]. A caller who does not hold the lease gets
	// [ErrPurgeLost].
	Free(ctx context.Context, lease PurgeLease, by domain.Actor) error
}

// ErrNotFreeYet refuses to free an ID whose tenant's objects are to be purged once more.
func ErrNotFreeYet() *domain.Error {
	return domain.NewError(domain.CodeTenantState).WithMessage("files of this tenant are looked for once more, a day after its purge; free the ID after that")
}

// ErrNotGone refuses to free an ID whose tenant is not gone.
func ErrNotGone(status domain.TenantStatus) *domain.Error {
	return domain.NewError(domain.CodeTenantState).WithMessage("only the ID of a tenant that is gone can be freed; this one is %s", status)
}
