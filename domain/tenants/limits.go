package tenants

import (
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// What callers may do in a minute.
const (
	CreationsPerAddress  = 20 // tenants that callers who aren't signed in ask for from one network address
	CreationsPerIdentity = 5  // tenants that a signed-in caller creates or claims
)

// DefaultTenantsPerOwner is how many tenants one identity may own.
const DefaultTenantsPerOwner = 20

// How many unclaimed tenants there may be at once, and how long they wait for an
// owner: the more there are, the shorter.
const (
	maxReservations        = 10_000
	reservationsPerNetwork = 100
	claimTTL               = 24 * time.Hour
	minClaimTTL            = time.Hour
)

// How many tenants owners may get whose address isn't confirmed: accounts of such
// owners cost nothing.
const (
	unconfirmedPerNetwork = 20  // in a day
	unconfirmedPerHour    = 500 // in all
)

// Limits limits what callers do by the network that they come from, and how often
// they do it. Rates are counted in the memory of one process, all else by the
// store. The nil Limits limits nothing.
type Limits struct {
	now        func() time.Time
	creations  *limits.Networks
	identities *limits.Table[domain.Identity]
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
	}
}

// creation counts a tenant that a caller who isn't signed in asks for.
func (l *Limits) creation(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.creations.Take(from, l.now()), "tenants are asked for from this address")
}

// making counts a tenant that a signed-in caller creates or claims.
func (l *Limits) making(who domain.Identity) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.identities.Take(who, l.now()), "tenants are created or claimed by you")
}

// notMade takes back what making counted, where no tenant was made.
func (l *Limits) notMade(who domain.Identity) {
	if l != nil {
		l.identities.Return(who)
	}
}

// reservation returns how many tenants may wait for an owner.
func (l *Limits) reservation(from limits.Address) *ports.ReservationLimits {
	if l == nil {
		return nil
	}
	return &ports.ReservationLimits{MaxInAll: maxReservations, Networks: networks(from, reservationsPerNetwork), MinTTL: minClaimTTL}
}

// unconfirmed returns how many tenants owners may get whose address isn't confirmed.
func (l *Limits) unconfirmed(from limits.Address) *ports.UnconfirmedLimits {
	if l == nil {
		return nil
	}
	return &ports.UnconfirmedLimits{Networks: networks(from, unconfirmedPerNetwork), MaxHourly: unconfirmedPerHour}
}

// networks gives each network that a caller is counted in its part of the limit.
func networks(from limits.Address, limit int) (limited []ports.NetworkLimit) {
	for _, share := range from.Shares() {
		limited = append(limited, ports.NetworkLimit{Network: share.Network, Max: limit * share.Times})
	}
	return limited
}
