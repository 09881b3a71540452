package porttest

import (
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// forgetExpiredReservations and sweepReservations are the part of [ReservationStore]
// that is about reservations that have expired.
func forgetExpiredReservations(t *testing.T, open func(t *testing.T) Tenancy) {
	expired := func(t *testing.T, s Tenancy) ports.ReservationRequest {
		t.Helper()
		n := reservation(t)
		n.TTL = soon
		reserve(t, s, n)
		time.Sleep(past)
		return n
	}
	t.Run("an expired reservation is absent everywhere, without a sweep", func(t *testing.T) {
		s := open(t)
		n := expired(t, s)
		_, err := s.Tenants.Probe(t.Context(), n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		_, err = s.Members.Find(t.Context(), newIdentity(t), n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		if slices.ContainsFunc(listAll(t, s.Tenants, 200), func(tenant domain.Tenant) bool { return tenant.ID == n.ID }) {
			t.Error("it is listed")
		}
	})
	t.Run("an expired reservation's ID is free, and its token does not claim its successor", func(t *testing.T) {
		s := open(t)
		old, next := expired(t, s), reservation(t)
		next.ID, next.Name = old.ID, "the next"
		if got := reserve(t, s, next); got.Name != next.Name || got.Status != domain.Unclaimed {
			t.Errorf("made %+v", got)
		}
		listAll(t, s.Tenants, 200) // which has each ID once
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: old.Token, Owner: newIdentity(t)})
		mustBe(t, err, domain.CodeClaimInvalid)
		claim(t, s, next, newIdentity(t))
	})
	t.Run("an expired reservation's ID may be created, and its token does not claim the tenant", func(t *testing.T) {
		s := open(t)
		old, next := expired(t, s), owned(t)
		next.ID = old.ID
		create(t, s.Tenants, next)
		_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: old.Token, Owner: newIdentity(t)})
		mustBe(t, err, domain.CodeClaimInvalid)
		listAll(t, s.Tenants, 200)
	})
	t.Run("of many callers who reserve an expired ID one succeeds", func(t *testing.T) {
		s := open(t)
		old := expired(t, s)
		errs := race(func(int) error {
			n := reservation(t)
			n.ID = old.ID
			_, err := s.Reservations.Reserve(t.Context(), n)
			return err
		})
		mustWinOnce(t, errs, domain.CodeTenantExists)
	})
	t.Run("a claimed tenant outlives its reservation", func(t *testing.T) {
		s, n := open(t), reservation(t)
		n.TTL = time.Second
		reserve(t, s, n)
		claim(t, s, n, newIdentity(t))
		time.Sleep(n.TTL + past)
		_, err := s.Tenants.Sweep(t.Context())
		mustDo(t, err)
		_, err = s.Tenants.Probe(t.Context(), n.ID)
		mustDo(t, err)
		_, err = s.Reservations.Reserve(t.Context(), n)
		mustBe(t, err, domain.CodeTenantExists)
	})
	t.Run("a reservation is claimed or its ID is reserved anew, never both", func(t *testing.T) {
		const life = 5 * time.Millisecond
		for range 5 {
			s, old := open(t), reservation(t)
			old.TTL = life
			reserve(t, s, old)
			owners := make([]domain.Identity, racers)
			for i := range owners {
				owners[i] = newIdentity(t)
			}
			errs := race(func(i int) error {
				time.Sleep(2 * life * time.Duration(i) / racers)
				if i%2 == 0 {
					_, err := s.Reservations.Claim(t.Context(), ports.Claim{Token: old.Token, Owner: owners[i]})
					return err
				}
				_, err := s.Tenants.Create(t.Context(), ports.TenantCreation{ID: old.ID, Owner: owners[i]})
				return err
			})
			winner := mustWinOnce(t, errs, domain.CodeClaimInvalid, domain.CodeTenantExists)
			_, err := s.Members.Find(t.Context(), owners[winner], old.ID)
			mustDo(t, err)
		}
	})
}

func sweepReservations(t *testing.T, open func(t *testing.T) Tenancy) {
	expired := func(t *testing.T, s Tenancy, n int) {
		t.Helper()
		_, err := s.Tenants.Sweep(t.Context())
		mustDo(t, err)
		for range n {
			short := reservation(t)
			short.TTL = soon
			reserve(t, s, short)
		}
	}
	t.Run("a sweep removes the expired, counts them, and spares the rest", func(t *testing.T) {
		s := open(t)
		expired(t, s, 3)
		active, waiting := owned(t), reservation(t)
		create(t, s.Tenants, active)
		reserve(t, s, waiting)
		time.Sleep(past)
		for _, want := range []int{3, 0} {
			swept, err := s.Tenants.Sweep(t.Context())
			mustDo(t, err)
			if swept != want {
				t.Errorf("swept %d, want %d", swept, want)
			}
		}
		for _, id := range []domain.TenantID{active.ID, waiting.ID} {
			_, err := s.Tenants.Probe(t.Context(), id)
			mustDo(t, err)
		}
	})
	t.Run("sweeps at once remove each reservation once", func(t *testing.T) {
		const n = 5
		s := open(t)
		expired(t, s, n)
		time.Sleep(past)
		swept := make([]int, racers)
		for _, err := range race(func(i int) (err error) { swept[i], err = s.Tenants.Sweep(t.Context()); return err }) {
			mustDo(t, err)
		}
		total := 0
		for _, n := range swept {
			total += n
		}
		if total != n {
			t.Errorf("swept %d, want %d", total, n)
		}
	})
}
