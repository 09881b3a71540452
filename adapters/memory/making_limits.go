package memory

import (
	"iter"
	"net/netip"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// making is a tenant that was created for an owner whose address was not confirmed.
type making struct {
	network netip.Prefix
	at      time.Time
}

// roomToReserve returns how many reservations there are, or an error if there is no
// room for one more.
func (db *DB) roomToReserve(limits *ports.ReservationLimits, now time.Time) (others int, err error) {
	if limits == nil {
		return 0, nil // its life depends on no others
	}
	for _, limit := range limits.Networks {
		n, soonest := db.waiting(now, func(other *reservation) bool { return other.counted && within(limit.Network, other.network) })
		if n >= limit.Max {
			return 0, ports.ErrNetworkReserved(soonest.Sub(now))
		}
	}
	others, soonest := db.waiting(now, func(*reservation) bool { return true })
	if others >= limits.MaxInAll {
		return 0, ports.ErrTooManyReserved(soonest.Sub(now))
	}
	return others, nil
}

// waiting returns how many reservations count, and when the first of them expires.
func (db *DB) waiting(now time.Time, counts func(*reservation) bool) (n int, soonest time.Time) {
	for id := range db.reservations {
		found := db.reserved(id, now)
		if found == nil || found.imported != nil || !counts(found) {
			continue
		}
		if n++; n == 1 || found.ClaimExpiresAt.Before(soonest) {
			soonest = found.ClaimExpiresAt
		}
	}
	return n, soonest
}

// allow returns an error if one more tenant of the owner would exceed the limits.
func (db *DB) allow(limits ports.MakingLimits, owner domain.Identity, now time.Time) error {
	if err := db.allowUnconfirmed(limits.Unconfirmed, now); err != nil {
		return err
	}
	if limits.MaxOwned > 0 && db.owned(owner) >= limits.MaxOwned {
		return domain.NewError(domain.CodeTenantQuota)
	}
	return nil
}

func (db *DB) allowUnconfirmed(u *ports.UnconfirmedLimits, now time.Time) error {
	if u == nil {
		return nil
	}
	for _, limit := range u.Networks {
		day := func(m making) bool { return within(limit.Network, m.network) }
		if err := room(db.makingsIn(now, ports.UnconfirmedDay, day), limit.Max, ports.UnconfirmedDay, now); err != nil {
			return err
		}
	}
	all := func(making) bool { return true }
	return room(db.makingsIn(now, ports.UnconfirmedHour, all), u.MaxHourly, ports.UnconfirmedHour, now)
}

// allowClaim is allow for a claim, which counts once however often it is retried.
func (db *DB) allowClaim(c ports.Claim, owner domain.Identity, now time.Time) error {
	limits := c.Limits
	if _, counted := db.makings[c.Token]; counted {
		limits.Unconfirmed = nil
	}
	return db.allow(limits, owner, now)
}

func (db *DB) owned(owner domain.Identity) (n int) {
	for _, membership := range db.places[owner] {
		if membership.Role == domain.RoleOwner {
			n++
		}
	}
	return n
}

// makingsIn yields the times at which the tenants that count were created.
func (db *DB) makingsIn(now time.Time, window time.Duration, counts func(making) bool) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for _, m := range db.makings {
			if now.Sub(m.at) < window && counts(m) && !yield(m.at) {
				return
			}
		}
	}
}

// room returns an error if there are as many as the limit allows.
func room(made iter.Seq[time.Time], limit int, window time.Duration, now time.Time) error {
	n, oldest := 0, now
	for at := range made {
		n++
		if at.Before(oldest) {
			oldest = at
		}
	}
	if n < limit {
		return nil
	}
	return ports.ErrTooManyMade(oldest.Add(window).Sub(now))
}

// count records that a tenant was created for an owner whose address is not
// confirmed.
func (db *DB) count(limits ports.MakingLimits, by any, now time.Time) {
	if limits.Unconfirmed == nil {
		return
	}
	if _, again := db.makings[by]; !again {
		set(&db.makings, by, making{ports.Narrowest(limits.Unconfirmed.Networks), now})
	}
}

// within reports whether outer contains inner; only the zero Prefix contains the zero
// Prefix.
func within(outer, inner netip.Prefix) bool {
	if !outer.IsValid() || !inner.IsValid() {
		return outer == inner
	}
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}
