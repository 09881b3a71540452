package porttest

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// repeatCreation is the part of [TenantStore] that is about idempotency keys.
func repeatCreation(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a repeated creation gets the first answer and makes nothing", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		first := create(t, s.Tenants, n)
		if first.Replayed {
			t.Error("the first one was a replay")
		}
		again := create(t, s.Tenants, n)
		if !again.Replayed {
			t.Error("the second one was not a replay")
		}
		mustBeSame(t, again.Tenant, first.Tenant)
	})
	t.Run("a repeated creation gets the first answer also after the tenant was changed", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		first := create(t, s.Tenants, n)
		s.Suspend(t, n.ID)
		mustBeSame(t, create(t, s.Tenants, n).Tenant, first.Tenant)
	})
	t.Run("only the fingerprint decides what a request means", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		first := create(t, s.Tenants, n)
		other := owned(t)
		other.Owner, other.Idempotency = n.Owner, n.Idempotency
		again := create(t, s.Tenants, other)
		if !again.Replayed {
			t.Error("it was not a replay")
		}
		mustBeSame(t, again.Tenant, first.Tenant)
		_, err := s.Tenants.Probe(t.Context(), other.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
	t.Run("a key that was used for another fingerprint is refused, and makes nothing", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		create(t, s.Tenants, n)
		other := owned(t)
		other.Idempotency = new(*n.Idempotency)
		other.Idempotency.Fingerprint[31]++
		_, err := s.Tenants.Create(t.Context(), other)
		mustBe(t, err, domain.CodeIdempotencyMismatch)
		mustBe(t, err, domain.Unprocessable)
		_, err = s.Tenants.Probe(t.Context(), other.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
	t.Run("a request of another identity, route or key is another", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		create(t, s.Tenants, n)
		for name, change := range map[string]func(*ports.Idempotency){
			"identity": func(i *ports.Idempotency) { i.Identity = newIdentity(t) },
			"route":    func(i *ports.Idempotency) { i.Route += "/other" },
			"key":      func(i *ports.Idempotency) { i.Key += "-other" },
		} {
			t.Run(name, func(t *testing.T) {
				other := owned(t)
				other.Idempotency = new(*n.Idempotency)
				change(other.Idempotency)
				if create(t, s.Tenants, other).Replayed {
					t.Error("it counted as a replay")
				}
			})
		}
	})
	t.Run("the same subject of another provider is another", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		create(t, s.Tenants, n)
		other := owned(t)
		other.Idempotency = new(*n.Idempotency)
		var err error
		other.Idempotency.Identity, err = domain.NewIdentity("another", n.Owner.Subject())
		mustDo(t, err)
		if create(t, s.Tenants, other).Replayed {
			t.Error("it counted as a replay")
		}
	})
	t.Run("a failed creation leaves no record", func(t *testing.T) {
		s, taken, n := open(t), owned(t), repeatable(t)
		create(t, s.Tenants, taken)
		refused := n
		refused.ID = taken.ID
		_, err := s.Tenants.Create(t.Context(), refused)
		mustBe(t, err, domain.CodeTenantExists)
		n.Idempotency = new(*n.Idempotency)
		n.Idempotency.Fingerprint[0]++
		if create(t, s.Tenants, n).Replayed {
			t.Error("it counted as a replay")
		}
	})
	t.Run("duplicates at once make one tenant and get one answer", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		answers := make([]ports.CreatedTenant, racers)
		for _, err := range race(func(i int) (err error) { answers[i], err = s.Tenants.Create(t.Context(), n); return err }) {
			mustDo(t, err)
		}
		firsts := 0
		for _, answer := range answers {
			mustBeSame(t, answer.Tenant, answers[0].Tenant)
			if !answer.Replayed {
				firsts++
			}
		}
		if firsts != 1 {
			t.Errorf("%d of %d made the tenant", firsts, racers)
		}
	})
	t.Run("of requests at once that share a key and differ, one succeeds", func(t *testing.T) {
		s, n := open(t), repeatable(t)
		requests := make([]ports.TenantCreation, racers)
		for i := range requests {
			requests[i] = owned(t)
			requests[i].Idempotency = new(*n.Idempotency)
			requests[i].Idempotency.Fingerprint[0] = byte(i)
		}
		errs := race(func(i int) error { _, err := s.Tenants.Create(t.Context(), requests[i]); return err })
		winner := mustWinOnce(t, errs, domain.CodeIdempotencyMismatch)
		for i, request := range requests {
			_, err := s.Tenants.Probe(t.Context(), request.ID)
			if i == winner {
				mustDo(t, err)
			} else {
				mustBe(t, err, domain.CodeTenantNotFound)
			}
		}
	})
}

// repeatable is a tenant to be made for an owner under an idempotency key.
func repeatable(t *testing.T) ports.TenantCreation {
	t.Helper()
	n := owned(t)
	n.Idempotency = &ports.Idempotency{Identity: n.Owner, Route: "route-" + unique(), Key: "key-" + unique(), Fingerprint: newHash()}
	return n
}
