package porttest

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// repeatCreation is the part of [TenantStore] that is about idempotency keys.
func repeatCreation(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("idempotency", func(t *testing.T) {
		Idempotency(t, func(t *testing.T) Creating { return creatingTenants(t, open(t)) })
	})
	t.Run("a repeated creation gets the first answer also after the tenant was changed", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		first := create(t, s.Tenants, n)
		s.Suspend(t, n.ID)
		mustBeSame(t, create(t, s.Tenants, n).Tenant, first.Tenant)
	})
}

// repeatable is a tenant to be made for an owner under an idempotency key.
func repeatable(t *testing.T) ports.TenantCreation {
	t.Helper()
	n := owned(t)
	n.Idempotency = Creating{By: domain.UserActor(n.Owner)}.key()
	return n
}

// creatingTenants creates tenants of one owner.
func creatingTenants(t *testing.T, s Tenancy) Creating {
	t.Helper()
	owner, taken := newIdentity(t), owned(t)
	create(t, s.Tenants, taken)
	request := func(id domain.TenantID, key *ports.Idempotency) ports.TenantCreation {
		return ports.TenantCreation{ID: id, Name: "Name " + unique(), Owner: owner, Idempotency: key}
	}
	return Creating{
		By: domain.UserActor(owner),
		Send: func(key *ports.Idempotency) (answer string, replayed bool, err error) {
			created, err := s.Tenants.Create(t.Context(), request(newTenantID(t, "once"), key))
			return describe(created.Tenant), created.Replayed, err
		},
		Refuse: func(key *ports.Idempotency) error {
			_, err := s.Tenants.Create(t.Context(), request(taken.ID, key))
			return err
		},
		Count: func(t *testing.T) int {
			t.Helper()
			found, err := s.Members.Memberships(t.Context(), owner, 1000)
			mustDo(t, err)
			return len(found)
		},
	}
}
