package porttest

import (
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// forgetExpiredTenants and sweepTenants are the part of [TenantStore] that is
// about tenants whose claims have expired.
func forgetExpiredTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an expired tenant is absent everywhere, without a sweep", func(t *testing.T) {
		s, n := open(t), claimed(t, soon)
		create(t, s.Tenants, n)
		time.Sleep(past)
		_, err := s.Tenants.Clock(t.Context(), n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		_, _, err = s.Members.Find(t.Context(), newIdentity(t), n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
		_, err = s.Invitations.Peek(t.Context(), n.Claim.Hash)
		mustBe(t, err, domain.CodeClaimInvalid)
		_, err = s.Invitations.Redeem(t.Context(), n.Claim.Hash, domain.TenantID{}, newIdentity(t))
		mustBe(t, err, domain.CodeClaimInvalid)
		if slices.ContainsFunc(listAll(t, s.Tenants, 200), func(tenant domain.Tenant) bool { return tenant.ID == n.ID }) {
			t.Error("it is listed")
		}
	})
	t.Run("an expired tenant's ID is free, and its claim doesn't open its successor", func(t *testing.T) {
		s, old := open(t), claimed(t, soon)
		create(t, s.Tenants, old)
		time.Sleep(past)
		next := claimed(t, time.Hour)
		next.ID, next.Name = old.ID, "the next"
		if got := create(t, s.Tenants, next).Tenant; got.Name != next.Name || got.Status != domain.Unclaimed {
			t.Errorf("made %+v", got)
		}
		listAll(t, s.Tenants, 200) // which has each ID once
		_, err := s.Invitations.Redeem(t.Context(), old.Claim.Hash, domain.TenantID{}, newIdentity(t))
		mustBe(t, err, domain.CodeClaimInvalid)
		_, err = s.Invitations.Redeem(t.Context(), next.Claim.Hash, domain.TenantID{}, newIdentity(t))
		mustDo(t, err)
	})
	t.Run("a claimed tenant outlives its claim", func(t *testing.T) {
		const life = time.Second
		s, n := open(t), claimed(t, life)
		create(t, s.Tenants, n)
		_, err := s.Invitations.Redeem(t.Context(), n.Claim.Hash, n.ID, newIdentity(t))
		mustDo(t, err)
		time.Sleep(life + past)
		_, err = s.Tenants.Sweep(t.Context())
		mustDo(t, err)
		_, err = s.Tenants.Clock(t.Context(), n.ID)
		mustDo(t, err)
		_, err = s.Tenants.Create(t.Context(), n)
		mustBe(t, err, domain.CodeTenantExists)
	})
	t.Run("a claim is redeemed or its tenant replaced, never both", func(t *testing.T) {
		const life = 5 * time.Millisecond
		for range 5 {
			s, old := open(t), claimed(t, life)
			create(t, s.Tenants, old)
			people := make([]domain.Identity, racers)
			for i := range people {
				people[i] = newIdentity(t)
			}
			errs := race(func(i int) error {
				time.Sleep(2 * life * time.Duration(i) / racers)
				if i%2 == 0 {
					_, err := s.Invitations.Redeem(t.Context(), old.Claim.Hash, old.ID, people[i])
					return err
				}
				_, err := s.Tenants.Create(t.Context(), ports.NewTenant{ID: old.ID, Owner: people[i]})
				return err
			})
			winner := mustWinOnce(t, errs, domain.CodeClaimInvalid, domain.CodeTenantExists)
			_, _, err := s.Members.Find(t.Context(), people[winner], old.ID)
			mustDo(t, err)
		}
	})
}

func sweepTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a sweep removes the expired, counts them, and spares the rest", func(t *testing.T) {
		s := open(t)
		_, err := s.Tenants.Sweep(t.Context())
		mustDo(t, err)
		active, waiting := owned(t), claimed(t, time.Hour)
		for _, n := range []ports.NewTenant{active, waiting, claimed(t, soon), claimed(t, soon), claimed(t, soon)} {
			create(t, s.Tenants, n)
		}
		time.Sleep(past)
		for _, want := range []int{3, 0} {
			swept, err := s.Tenants.Sweep(t.Context())
			mustDo(t, err)
			if swept != want {
				t.Errorf("swept %d, want %d", swept, want)
			}
		}
		for _, n := range []ports.NewTenant{active, waiting} {
			_, err := s.Tenants.Clock(t.Context(), n.ID)
			mustDo(t, err)
		}
	})
	t.Run("sweeps at once remove each tenant once", func(t *testing.T) {
		const expired = 5
		s := open(t)
		_, err := s.Tenants.Sweep(t.Context())
		mustDo(t, err)
		for range expired {
			create(t, s.Tenants, claimed(t, soon))
		}
		time.Sleep(past)
		swept := make([]int, racers)
		for _, err := range race(func(i int) (err error) { swept[i], err = s.Tenants.Sweep(t.Context()); return err }) {
			mustDo(t, err)
		}
		total := 0
		for _, n := range swept {
			total += n
		}
		if total != expired {
			t.Errorf("swept %d, want %d", total, expired)
		}
	})
}
