package tenants

import (
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// The limits of callers in a minute.
const (
	CreationsPerAddress  = 20 // tenants that callers who are not signed in ask for from one network address
	CreationsPerIdentity = 5  // tenants that a signed-in caller creates or claims, and claim tokens of such a caller that are refused
	ClaimsPerAddress     = 20 // claim tokens from one network address that are refused, of all callers who are signed in
)

// DefaultTenantsPerOwner is how many tenants one identity may own.
const DefaultTenantsPerOwner = 20

// DefaultGrace is how long a deleted tenant can be restored by default.
const DefaultGrace = 30 * 24 * time.Hour

// The limits of unclaimed tenants, and how long they wait for an owner: the more
// there are, the shorter.
const (
	maxReservations        = 10_000
	reservationsPerNetwork = 100
	claimTTL               = 24 * time.Hour
	minClaimTTL            = time.Hour
)

// The limits of tenants of owners whose address is not confirmed, because accounts of
// such owners cost nothing.
const (
	unconfirmedPerNetwork = 20  // in a day
	unconfirmedPerHour    = 500 // in all
)

// Limits limits callers by the network that they come from, and how often they ask.
// Rates are counted in the memory of one process, all other limits by the store. The
// nil Limits limits nothing.
type Limits struct {
	now        func() time.Time
	creations  *limits.Networks
	identities *limits.Table[domain.Identity]
	claims     *limits.Networks // claim tokens that are refused
}

// NewLimits returns Limits that have counted nothing yet. A nil now is [time.Now].
func NewLimits(now func() time.Time) *Limits {
	if now == nil {
		now = time.Now
	}
	return &Limits{
		now:        now,
		creations:  limits.NewNetworks(limits.Rate{Count: CreationsPerAddress, Per: time.Minute}),
		identities: limits.NewTable[domain.Identity](limits.Rate{Count: CreationsPerIdentity, Per: time.Minute}),
		claims:     limits.NewNetworks(limits.Rate{Count: ClaimsPerAddress, Per: time.Minute}),
	}
}

// creation counts a tenant that a caller who is not signed in asks for.
func (l *Limits) creation(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.creations.Take(from, l.now()), "tenants are asked for from this address")
}

// making counts a tenant that a signed-in caller creates or claims.
func (l *Limits) making(identity domain.Identity) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.identities.Take(identity, l.now()), "tenants are created or claimed by you")
}

// notMade takes back the count of making if no tenant was created.
func (l *Limits) notMade(identity domain.Identity) {
	if l != nil {
		l.identities.Return(identity)
	}
}

// claim counts a claim token before it is looked up. An account costs nothing, so
// that the network address is counted beside it.
func (l *Limits) claim(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.claims.Take(from, l.now()), "claim tokens from this address are refused")
}

// goodClaim takes back the count of a claim token that was not refused.
func (l *Limits) goodClaim(from limits.Address) {
	if l != nil {
		l.claims.Return(from)
	}
}

// reservation returns the limits of tenants that wait for an owner.
func (l *Limits) reservation(from limits.Address) *ports.ReservationLimits {
	if l == nil {
		return nil
	}
	return &ports.ReservationLimits{MaxInAll: maxReservations, Networks: networks(from, reservationsPerNetwork), MinTTL: minClaimTTL}
}

// unconfirmed returns the limits of tenants of owners whose address is not confirmed.
func (l *Limits) unconfirmed(from limits.Address) *ports.UnconfirmedLimits {
	if l == nil {
		return nil
	}
	return &ports.UnconfirmedLimits{Networks: networks(from, unconfirmedPerNetwork), MaxHourly: unconfirmedPerHour}
}

// networks returns each network that a caller is counted in, with its share of the
// limit.
func networks(from limits.Address, limit int) (limited []ports.NetworkLimit) {
	for _, share := range from.Shares() {
		limited = append(limited, ports.NetworkLimit{Network: share.Network, Max: limit * share.Times})
	}
	return limited
}
