package ports

import (
	"net/netip"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// MakingLimits limits the creation of tenants. The zero MakingLimits limits nothing,
// as for the operator.
type MakingLimits struct {
	// MaxOwned is how many tenants the owner may own, the new one included. One more
	// is [domain.CodeTenantQuota]. Zero: any number.
	MaxOwned int

	// Unconfirmed limits owners whose address is not confirmed, and counts the tenant
	// among theirs. Nil: the owner's address is confirmed.
	Unconfirmed *UnconfirmedLimits
}

// UnconfirmedLimits limits the tenants that are created for owners whose address is
// not confirmed, because accounts of such owners cost nothing. One more is
// [domain.Limited], with the time until there is room again. A tenant counts once it
// is created: a failed creation does not count.
type UnconfirmedLimits struct {
	Networks  []NetworkLimit // within [UnconfirmedDay] from each of the networks that the caller is in
	MaxHourly int            // within [UnconfirmedHour] from all networks
}

// How long a tenant counts among those of owners whose address is not confirmed.
const (
	UnconfirmedDay  = 24 * time.Hour // in its networks
	UnconfirmedHour = time.Hour      // in all
)

// ReservationLimits limits how many reservations exist at once.
type ReservationLimits struct {
	MaxInAll int
	Networks []NetworkLimit // for each of the networks that the caller is in
	MinTTL   time.Duration  // the life of the last reservation that fits
}

// NetworkLimit limits one network. The zero Prefix stands for all callers whose
// address is unknown.
type NetworkLimit struct {
	Network netip.Prefix
	Max     int // reservations, or tenants that were created
}

// Narrowest returns the smallest of a caller's networks. All others contain it, so a
// store does not need to keep them.
func Narrowest(networks []NetworkLimit) (least netip.Prefix) {
	for _, limit := range networks {
		if limit.Network.IsValid() && (!least.IsValid() || limit.Network.Bits() > least.Bits()) {
			least = limit.Network
		}
	}
	return least
}

// ErrTooManyMade refuses a tenant that exceeds one of [UnconfirmedLimits].
func ErrTooManyMade(wait time.Duration) *domain.Error {
	return domain.Limitedf(wait, "too many tenants were made by users whose e-mail address is not confirmed; confirm the address, ask the operator, or wait")
}

// ErrTooManyReserved refuses a reservation that exceeds [ReservationLimits].
func ErrTooManyReserved(wait time.Duration) *domain.Error {
	return domain.Limitedf(wait, "too many tenant IDs wait for an owner; sign in to create a tenant, or wait")
}

// ErrNetworkReserved refuses a reservation that exceeds a limit of its network.
func ErrNetworkReserved(wait time.Duration) *domain.Error {
	return domain.Limitedf(wait, "too many tenant IDs that were created from this network wait for an owner; claim one, sign in to create a tenant, or wait")
}
