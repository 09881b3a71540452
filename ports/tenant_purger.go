package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// TenantPurger ends the life of deleted tenants in steps. A process may end after any of
// them: another one continues, and a step that was made before changes nothing.
//
// One process works for a tenant at a time: the holder of its lease. Every method but
// Acquire returns [ErrPurgeLost] to any other process.
type TenantPurger interface {
	// Acquire takes the lease of one purge that is due and that no other process works
	// on, and reports false if there is none. Two kinds of purges are due:
	//
	//   - of a tenant of status [domain.Purging], and of a [domain.Deleted] one whose
	//     PurgeAfter has passed, once request.Quiet has passed since its deletion. A deleted
	//     tenant becomes [domain.Purging] in that step; its event is
	//     [domain.EventTenantPurgeStarted] by the program;
	//   - of the objects of a tombstone, at the time that Bury was given.
	//
	// The lease is for request.Lease.Tenant, or for any tenant if that is zero. A purge
	// that failed waits, unless the request names its tenant.
	Acquire(ctx context.Context, request PurgeRequest) (Purge, bool, error)

	// Renew extends the lease.
	Renew(ctx context.Context, lease PurgeLease) error

	// Release ends the lease. After a failure, which is kept for the operator, the purge is
	// due again once the failure's Retry has passed.
	Release(ctx context.Context, lease PurgeLease, failure PurgeFailure) error

	// RemoveData removes a part of what the store has of a purging tenant, and extends the
	// lease. It reports whether there is more. The part is so small that the size of a
	// tenant limits no purge. No other tenant's data are touched. The tenant's events stay,
	// without addresses, as [EventRetention.BlankAddresses] leaves them.
	RemoveData(ctx context.Context, lease PurgeLease) (more bool, err error)

	// Bury replaces a purging tenant whose data were removed by its tombstone, of status
	// [domain.Gone], in one step: the ID is not given out again. The purge of its objects is
	// due once more after again, and the lease ends. A tenant that still has data is
	// [ErrHasData]. The event is [domain.EventTenantPurged] by the program.
	Bury(ctx context.Context, lease PurgeLease, again time.Duration) error

	// Finish ends the purge of a tombstone's objects, which is due no more, and the lease.
	Finish(ctx context.Context, lease PurgeLease) error
}

// PurgeRequest asks for a purge that is due.
type PurgeRequest struct {
	Lease PurgeLease
	Quiet time.Duration // how long a tenant is deleted before its purge, because signed URLs outlive the deletion
}

// IsDue reports whether the purge of the tenant is due, whatever its lease.
func (r PurgeRequest) IsDue(t domain.TenantDetails, now time.Time) bool {
	return t.Status.MayBePurged() && !now.Before(t.PurgeAfter) && !now.Before(t.DeletedAt.Add(r.Quiet))
}

// PurgeLease identifies the process that purges a tenant.
type PurgeLease struct {
	Tenant   domain.TenantID
	Holder   string        // unique to the process, or to a part of it
	Duration time.Duration // from when it is taken, and again from each renewal
}

// Validate returns a [domain.Invalid] error if the lease lacks its holder or its duration.
func (l PurgeLease) Validate() error {
	if l.Holder == "" || l.Duration <= 0 {
		return domain.Invalidf("holder", "a lease names a holder, and lasts for some time")
	}
	return nil
}

// Purge is a purge that was acquired.
type Purge struct {
	Lease    PurgeLease
	Status   domain.TenantStatus // [domain.Purging], or [domain.Gone]: only objects are removed
	Failures int                 // of earlier attempts in a row
}

// PurgeFailure is why a purge broke off. The zero PurgeFailure is none.
type PurgeFailure struct {
	Text  string        // for the operator
	Retry time.Duration // from the release until the purge is due again
}

// ErrHasData is the error of [TenantPurger.Bury] for a tenant whose data were not removed.
func ErrHasData(id domain.TenantID) *domain.Error {
	return domain.Errorf(domain.Conflict, "the tenant %s still has data; remove them first", id)
}

// ErrPurgeLost is the error of [TenantPurger] and [TenantTombstones] for a process that
// does not hold the lease, or no longer.
var ErrPurgeLost = domain.Errorf(domain.Conflict, "another process purges this tenant; try again later")
