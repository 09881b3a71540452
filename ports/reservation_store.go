package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// ReservationStore keeps the IDs of tenants that wait for their first owner. A
// reservation is an ID, a name and the hash of a claim token: it has no schema and
// no data. The claim makes the tenant.
type ReservationStore interface {
	// Reserve keeps the ID until the reservation is claimed or expires. Of many who
	// reserve or create one ID, one succeeds; the others get
	// [domain.CodeTenantExists]. What exceeds the reservation's limits is
	// [domain.Limited], with the time until there is room again, also where several
	// come at once.
	Reserve(ctx context.Context, reservation NewReservation) (domain.Tenant, error)

	// Claim spends the token: it makes the tenant as [TenantStore.Create] does, for
	// claim.Owner or for the user whom claim.SignUp makes, and ends the reservation,
	// all in one step. Of many who claim one token at once, one succeeds. An owner
	// who claimed with it before, and still is a member, gets the same answer again
	// with Replayed set. A token that is unknown, expired, spent by another, or of
	// another tenant than claim.Tenant is [domain.CodeClaimInvalid].
	//
	// Claim calls SignUp at most once: after it found the token good and room within
	// claim.Limits, and when it has the turn to make the tenant, for which it waits
	// at most 10 seconds ([domain.Unavailable]). SignUp's error comes back as it is,
	// and leaves the token unspent and nothing counted. Once SignUp has succeeded,
	// Claim no longer ends with ctx, and isn't refused for its limits but for MaxOwned:
	// whoever signs up again before the address is confirmed may own tenants already.
	Claim(ctx context.Context, claim Claim) (ClaimedTenant, error)
}

// NewReservation is a reservation to be made. One without an ID or a token is
// [domain.Invalid].
type NewReservation struct {
	ID     domain.TenantID
	Name   string
	Token  domain.TokenHash // of the claim token
	TTL    time.Duration    // from now, by the store's clock, while there are no others
	Limits *ReservationLimits
}

// Life returns how long the reservation lives when there are others already: its
// TTL while there are none, and less the more there are, down to the limits' MinTTL.
func (r NewReservation) Life(others int) time.Duration {
	if r.Limits == nil || r.Limits.MaxInAll < 2 || r.Limits.MinTTL >= r.TTL {
		return r.TTL
	}
	full := min(float64(others)/float64(r.Limits.MaxInAll-1), 1)
	return r.TTL - time.Duration(full*float64(r.TTL-r.Limits.MinTTL))
}

// Claim is the wish to own a reserved tenant. It has either an Owner or a SignUp:
// both, or neither, is [domain.Invalid].
type Claim struct {
	Token  domain.TokenHash
	Tenant domain.TenantID // zero: the one that the token is of
	Owner  domain.Identity
	SignUp func(ctx context.Context) (domain.Identity, error) // makes the account of the owner
	Limits MakingLimits
}

// ClaimedTenant is what [ReservationStore.Claim] made, now or before.
type ClaimedTenant struct {
	TenantMembership
	Replayed bool
}
