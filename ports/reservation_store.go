package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// ReservationStore keeps the IDs of tenants that wait for their first owner. A
// reservation is an ID, a name and the hash of a claim token: it has no schema and no
// data. The claim creates the tenant.
type ReservationStore interface {
	// Reserve keeps the ID until the reservation is claimed or expires. Of many callers
	// who reserve or create one ID, one succeeds; the others get
	// [domain.CodeTenantExists]. A reservation that exceeds its limits is
	// [domain.Limited], with the time until there is room again, also where several come
	// at once. The event is [domain.EventTenantReserved]; a reservation whose author is
	// unknown has none.
	Reserve(ctx context.Context, reservation ReservationRequest) (domain.Tenant, error)

	// Claim spends the token: it creates the tenant as [TenantProvisioner.Create] does, for
	// claim.Owner or for the user that claim.SignUp creates, and ends the reservation,
	// all in one step. Of many callers who claim one token at once, one succeeds. An
	// owner who claimed with it before, and still is a member, gets the same answer
	// again with Replayed set. A token that is unknown, expired, spent by another owner,
	// or of another tenant than claim.Tenant is [domain.CodeClaimInvalid]. The event of a
	// claim is [domain.EventTenantClaimed].
	//
	// Before anything is created, Claim calls claim.Admit, whose error comes back as it is.
	//
	// Claim calls SignUp at most once. Before that it finds the token valid and room
	// within claim.Limits, and waits for its turn to create the tenant, at most 10
	// seconds ([domain.Unavailable]). SignUp's error comes back as it is, and leaves the
	// token unspent and nothing counted. Once SignUp has succeeded, Claim no longer ends
	// with ctx, and of its limits only MaxOwned can still refuse it: a user who signs up
	// again before the address is confirmed may own tenants already.
	Claim(ctx context.Context, claim Claim) (ClaimedTenant, error)
}

// ReservationRequest describes a reservation to be made. It has an ID and a token.
type ReservationRequest struct {
	ID     domain.TenantID
	Name   string
	By     domain.Actor     // zero: a caller who is not signed in
	Token  domain.TokenHash // of the claim token
	TTL    time.Duration    // from now, by the store's clock, if there are no other reservations
	Limits *ReservationLimits
}

// Life returns how long the reservation lives beside other reservations: its TTL if
// there are none, and less the more there are, down to the limits' MinTTL.
func (r ReservationRequest) Life(others int) time.Duration {
	if r.Limits == nil || r.Limits.MaxInAll < 2 || r.Limits.MinTTL >= r.TTL {
		return r.TTL
	}
	full := min(float64(others)/float64(r.Limits.MaxInAll-1), 1)
	return r.TTL - time.Duration(full*float64(r.TTL-r.Limits.MinTTL))
}

// SignUpPatience is for how long a reservation does not expire while its owner signs
// up: a minute is two waits for a turn, and a request to the identity provider.
const SignUpPatience = time.Minute

// Claim asks to own a reserved tenant. It has either an Owner or a SignUp.
type Claim struct {
	Token  domain.TokenHash
	Tenant domain.TenantID // zero: the tenant of the token
	Owner  domain.Identity
	Email  domain.Email                                            // of the owner, confirmed, kept in the membership and the event; zero: unknown
	By     domain.Actor                                            // zero: the owner
	Admit  func(ctx context.Context, tenant domain.TenantID) error // refuses the tenant's ID; nil: every ID is admitted
	SignUp func(ctx context.Context) (domain.Identity, error)      // creates the owner's account; without an error the identity is not zero
	Limits MakingLimits
}

// ClaimedTenant is the tenant that [ReservationStore.Claim] created, now or before.
type ClaimedTenant struct {
	TenantMembership
	Replayed bool
}
