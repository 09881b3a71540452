package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// TenantProber reports whether a tenant can be served.
type TenantProber interface {
	// Probe returns the time of the system that holds the tenant's data. For an active
	// tenant it reads the time from inside the tenant, as a request of a member would; a
	// reservation, which has no data yet, returns the time too. A tenant that is unknown,
	// suspended or deleted, and a reservation that has expired, is
	// [domain.CodeTenantNotFound]. One whose data has an older form than the program needs, or
	// cannot be reached until the operator repairs it, is [domain.CodeTenantUpgrading], with
	// RetryAfter set.
	Probe(ctx context.Context, id domain.TenantID) (time.Time, error)
}
