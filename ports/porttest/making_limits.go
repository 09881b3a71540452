package porttest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// newNetwork returns a new /64 of an IPv6 caller, and the /48 that it lies in.
func newNetwork() (narrow, wide netip.Prefix) {
	u := unique()
	narrow = netip.MustParsePrefix(fmt.Sprintf("fd%s:%s:%s:1::/64", u[:2], u[2:6], u[6:10]))
	return narrow, netip.PrefixFrom(narrow.Addr(), 48).Masked()
}

func mustBeLimited(t *testing.T, err error) {
	t.Helper()
	mustBe(t, err, domain.Limited)
	if e, _ := errors.AsType[*domain.Error](err); e.RetryAfter <= 0 {
		t.Errorf("the wait is %v", e.RetryAfter)
	}
}

func limitReservations(t *testing.T, open func(t *testing.T) Tenancy) {
	within := func(t *testing.T, limits ...ports.NetworkLimit) ports.ReservationRequest {
		t.Helper()
		n := reservation(t)
		n.Limits = &ports.ReservationLimits{MaxInAll: 1 << 20, Networks: limits, MinTTL: time.Minute}
		return n
	}
	t.Run("a network reserves so many IDs at once, and more once one is claimed", func(t *testing.T) {
		s := open(t)
		network, _ := newNetwork()
		limit := ports.NetworkLimit{Network: network, Max: 2}
		first := within(t, limit)
		reserve(t, s, first)
		reserve(t, s, within(t, limit))
		_, err := s.Reservations.Reserve(t.Context(), within(t, limit))
		mustBeLimited(t, err)
		other, _ := newNetwork()
		reserve(t, s, within(t, ports.NetworkLimit{Network: other, Max: 2}))
		claim(t, s, first, newIdentity(t))
		reserve(t, s, within(t, limit))
	})
	t.Run("the wait ends with the first reservation of the network itself", func(t *testing.T) {
		s := open(t)
		network, _ := newNetwork()
		other, _ := newNetwork()
		n := within(t, ports.NetworkLimit{Network: other, Max: 1})
		n.TTL = 2 * time.Minute
		reserve(t, s, n)
		made := reserve(t, s, within(t, ports.NetworkLimit{Network: network, Max: 1}))
		_, err := s.Reservations.Reserve(t.Context(), within(t, ports.NetworkLimit{Network: network, Max: 1}))
		mustBeLimited(t, err)
		e, _ := errors.AsType[*domain.Error](err)
		mustBeNear(t, time.Now().UTC().Add(e.RetryAfter), made.ClaimExpiresAt)
	})
	t.Run("a network counts in the wider ones around it", func(t *testing.T) {
		s := open(t)
		narrow, wide := newNetwork()
		bytes := narrow.Addr().As16()
		bytes[7]++
		second := netip.PrefixFrom(netip.AddrFrom16(bytes), 64)
		reserve(t, s, within(t, ports.NetworkLimit{Network: wide, Max: 2}, ports.NetworkLimit{Network: narrow, Max: 1}))
		_, err := s.Reservations.Reserve(t.Context(), within(t, ports.NetworkLimit{Network: wide, Max: 2}, ports.NetworkLimit{Network: narrow, Max: 1}))
		mustBeLimited(t, err)
		reserve(t, s, within(t, ports.NetworkLimit{Network: wide, Max: 2}, ports.NetworkLimit{Network: second, Max: 1}))
		bytes[7]++
		third := netip.PrefixFrom(netip.AddrFrom16(bytes), 64)
		_, err = s.Reservations.Reserve(t.Context(), within(t, ports.NetworkLimit{Network: wide, Max: 2}, ports.NetworkLimit{Network: third, Max: 1}))
		mustBeLimited(t, err)
	})
	t.Run("a reservation without limits counts in no network", func(t *testing.T) {
		s := open(t)
		network, _ := newNetwork()
		reserve(t, s, reservation(t))
		reserve(t, s, within(t, ports.NetworkLimit{Network: network, Max: 1}))
	})
	t.Run("of many reservations at once from one network, its limit succeed", func(t *testing.T) {
		s := open(t)
		network, _ := newNetwork()
		made := 0
		for _, err := range race(func(int) error {
			_, err := s.Reservations.Reserve(t.Context(), within(t, ports.NetworkLimit{Network: network, Max: 7}))
			return err
		}) {
			if err == nil {
				made++
				continue
			}
			mustBeLimited(t, err)
		}
		if made != 7 {
			t.Errorf("%d were made, want 7", made)
		}
	})
	t.Run("a reservation lives shorter the more there are, and none is made when there are too many", func(t *testing.T) {
		s := open(t)
		there := 0
		for _, tenant := range listAll(t, s.Tenants, 200) {
			if tenant.Status == domain.Unclaimed {
				there++
			}
		}
		n := reservation(t)
		n.Limits = &ports.ReservationLimits{MaxInAll: there + 2, MinTTL: time.Minute}
		first := reserve(t, s, n)
		mustBeNear(t, first.ClaimExpiresAt, time.Now().Add(n.Life(there)))
		n.ID, n.Token = newTenantID(t, "last"), newHash()
		last := reserve(t, s, n)
		mustBeNear(t, last.ClaimExpiresAt, time.Now().Add(time.Minute))
		n.ID, n.Token = newTenantID(t, "none"), newHash()
		_, err := s.Reservations.Reserve(t.Context(), n)
		mustBeLimited(t, err)
		_, err = s.Tenants.Probe(t.Context(), n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
}

// limitMakings is the part of [TenantStore] and of [ports.ReservationStore.Claim]
// that is about [ports.MakingLimits].
func limitMakings(t *testing.T, open func(t *testing.T) Tenancy) {
	for name, by := range waysToMake() {
		t.Run(name, func(t *testing.T) {
			limitOwners(t, open, by)
			limitUnconfirmed(t, open, by)
		})
	}
	for how, signUp := range map[string]func(context.Context) (domain.Identity, error){
		"fails":           func(context.Context) (domain.Identity, error) { return domain.Identity{}, errors.New("no") },
		"panics":          func(context.Context) (domain.Identity, error) { panic("no") },
		"does not return": func(context.Context) (domain.Identity, error) { runtime.Goexit(); panic("unreachable") },
	} {
		t.Run("a claim whose sign-up "+how+" counts nothing", func(t *testing.T) {
			s, n := open(t), reservation(t)
			reserve(t, s, n)
			network, _ := newNetwork()
			for range 3 {
				onItsOwn(func() {
					_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, SignUp: signUp, Limits: unconfirmed(network, 1)})
					if err == nil {
						t.Error("it succeeded")
					}
				})
			}
			mustDo(t, makeBySignUp(t, s, newIdentity(t), unconfirmed(network, 1)))
		})
	}
	t.Run("a claim that is refused for its limits makes no account, and leaves the token unspent", func(t *testing.T) {
		s, n := open(t), reservation(t)
		reserve(t, s, n)
		network, _ := newNetwork()
		mustDo(t, makeByCreation(t, s, newIdentity(t), unconfirmed(network, 1)))
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Limits: unconfirmed(network, 1), SignUp: func(context.Context) (domain.Identity, error) {
			t.Error("the account was made")
			return newIdentity(t), nil
		}})
		mustBeLimited(t, err)
		claim(t, s, n, newIdentity(t))
	})
	t.Run("a user who signs up again, and owns too many tenants, leaves the token unspent", func(t *testing.T) {
		s, n, who := open(t), reservation(t), newIdentity(t)
		network, _ := newNetwork()
		limits := unconfirmed(network, 2)
		limits.MaxOwned = 1
		mustDo(t, makeBySignUp(t, s, who, limits))
		reserve(t, s, n)
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, SignUp: signsUp(who), Limits: limits})
		mustBe(t, err, domain.CodeTenantQuota)
		_, err = s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, SignUp: signsUp(newIdentity(t)), Limits: limits}) // it counted nothing
		mustDo(t, err)
	})
	t.Run("an owner who has too many cannot find out whether an ID is taken", func(t *testing.T) {
		s, first, taken := open(t), owned(t), owned(t)
		create(t, s.Tenants, first)
		create(t, s.Tenants, taken)
		taken.Owner, taken.Limits.MaxOwned = first.Owner, 1
		_, err := s.Tenants.Create(t.Context(), taken)
		mustBe(t, err, domain.CodeTenantQuota)
	})
	t.Run("a replay is not limited", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		network, _ := newNetwork()
		n.Limits = unconfirmed(network, 1)
		n.Limits.MaxOwned = 1
		first := create(t, s.Tenants, n)
		again := create(t, s.Tenants, n)
		if !again.Replayed {
			t.Error("it was not a replay")
		}
		mustBeSame(t, again.Tenant, first.Tenant)

		r, who := reservation(t), newIdentity(t)
		reserve(t, s, r)
		other, _ := newNetwork()
		c := ports.Claim{Token: r.Token, Owner: who, Limits: unconfirmed(other, 1)}
		c.Limits.MaxOwned = 1
		for range 2 {
			_, err := s.Reservations.Claim(t.Context(), c)
			mustDo(t, err)
		}
	})
}

func limitOwners(t *testing.T, open func(t *testing.T) Tenancy, by way) {
	t.Run("an owner owns so many tenants, suspended ones included", func(t *testing.T) {
		s, who, n := open(t), newIdentity(t), owned(t)
		limits := ports.MakingLimits{MaxOwned: 2}
		n.Owner = who
		create(t, s.Tenants, n)
		s.Suspend(t, n.ID)
		mustDo(t, by.tenant(t, s, who, limits))
		mustBe(t, by.tenant(t, s, who, limits), domain.CodeTenantQuota)
		mustDo(t, by.tenant(t, s, newIdentity(t), limits))
		mustDo(t, by.tenant(t, s, who, ports.MakingLimits{}))
	})
	t.Run("a member owns nothing", func(t *testing.T) {
		s, who, n := open(t), newIdentity(t), owned(t)
		create(t, s.Tenants, n)
		mustDo(t, s.setRole(t, n.ID, who, domain.RoleAdmin))
		mustDo(t, by.tenant(t, s, who, ports.MakingLimits{MaxOwned: 1}))
	})
	t.Run("of many tenants of one owner at once, the owner's limit is created", func(t *testing.T) {
		s, who := open(t), newIdentity(t)
		made := 0
		for _, err := range race(func(int) error { return by.tenant(t, s, who, ports.MakingLimits{MaxOwned: 3}) }) {
			if err == nil {
				made++
				continue
			}
			mustBe(t, err, domain.CodeTenantQuota)
		}
		if made != 3 {
			t.Errorf("%d were made, want 3", made)
		}
	})
}

func limitUnconfirmed(t *testing.T, open func(t *testing.T) Tenancy, by way) {
	t.Run("a network makes so many tenants for unconfirmed owners", func(t *testing.T) {
		s := open(t)
		network, wide := newNetwork()
		mustDo(t, by.tenant(t, s, newIdentity(t), unconfirmed(network, 2)))
		mustDo(t, makeByCreation(t, s, newIdentity(t), unconfirmed(network, 2)))
		mustBeLimited(t, by.tenant(t, s, newIdentity(t), unconfirmed(network, 2)))
		mustBeLimited(t, by.tenant(t, s, newIdentity(t), unconfirmed(wide, 2)))
		mustDo(t, by.tenant(t, s, newIdentity(t), ports.MakingLimits{}))
		other, _ := newNetwork()
		mustDo(t, by.tenant(t, s, newIdentity(t), unconfirmed(other, 2)))
	})
	t.Run("of many tenants from one network at once, its limit is created", func(t *testing.T) {
		s := open(t)
		network, _ := newNetwork()
		made := 0
		for _, err := range race(func(int) error { return by.tenant(t, s, newIdentity(t), unconfirmed(network, 3)) }) {
			if err == nil {
				made++
				continue
			}
			mustBeLimited(t, err)
		}
		if made != 3 {
			t.Errorf("%d were made, want 3", made)
		}
	})
	t.Run("all networks together make so many", func(t *testing.T) {
		s := open(t)
		network, _ := newNetwork()
		limits := unconfirmed(network, 100)
		mustDo(t, by.tenant(t, s, newIdentity(t), limits))
		limits.Unconfirmed.MaxHourly = 1
		mustBeLimited(t, by.tenant(t, s, newIdentity(t), limits))
	})
	t.Run("a tenant that is not created does not count", func(t *testing.T) {
		s, n := open(t), owned(t)
		network, _ := newNetwork()
		create(t, s.Tenants, n)
		for range 3 {
			taken := owned(t)
			taken.ID, taken.Limits = n.ID, unconfirmed(network, 1)
			_, err := s.Tenants.Create(t.Context(), taken)
			mustBe(t, err, domain.CodeTenantExists)
		}
		mustDo(t, by.tenant(t, s, newIdentity(t), unconfirmed(network, 1)))
	})
}

// onItsOwn runs f in a goroutine of its own, and survives its panic or its end.
func onItsOwn(f func()) {
	var running sync.WaitGroup
	running.Go(func() {
		defer func() { _ = recover() }()
		f()
	})
	running.Wait()
}

func unconfirmed(network netip.Prefix, limit int) ports.MakingLimits {
	return ports.MakingLimits{Unconfirmed: &ports.UnconfirmedLimits{
		Networks:  []ports.NetworkLimit{{Network: network, Max: limit}},
		MaxHourly: 1 << 20,
	}}
}

// way is one of the ways to make a tenant.
type way struct {
	tenant func(t *testing.T, s Tenancy, owner domain.Identity, limits ports.MakingLimits) error
}

func waysToMake() map[string]way {
	return map[string]way{
		"by creation": {makeByCreation},
		"by a claim":  {makeByClaim},
		"by sign-up":  {makeBySignUp},
	}
}

func makeByCreation(t *testing.T, s Tenancy, owner domain.Identity, limits ports.MakingLimits) error {
	n := owned(t)
	n.Owner, n.Limits = owner, limits
	_, err := s.Tenants.Create(t.Context(), n)
	return err
}

func makeByClaim(t *testing.T, s Tenancy, owner domain.Identity, limits ports.MakingLimits) error {
	n := reservation(t)
	if _, err := s.Reservations.Reserve(t.Context(), n); err != nil {
		return err
	}
	_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, Owner: owner, Limits: limits})
	return err
}

func makeBySignUp(t *testing.T, s Tenancy, owner domain.Identity, limits ports.MakingLimits) error {
	n := reservation(t)
	if _, err := s.Reservations.Reserve(t.Context(), n); err != nil {
		return err
	}
	_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: n.Token, SignUp: signsUp(owner), Limits: limits})
	return err
}
