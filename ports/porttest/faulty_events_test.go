package porttest_test

import (
	"context"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func changes(breaks func(*porttest.Tenancy)) func(*testing.T) {
	return func(t *testing.T) { porttest.ChangesAreEvents(t, opensTenancy(breaks)) }
}

func eventLog(breaks func(*porttest.EventLog)) func(*testing.T) {
	return func(t *testing.T) {
		porttest.Events(t, func(*testing.T) porttest.EventLog {
			db := &memory.DB{}
			events := db.Events()
			s := porttest.EventLog{
				Sequencer: events, Reader: events, Consumers: events, Operations: events, Retention: events,
				Record: func(t *testing.T, event domain.Event) {
					// A grant is the simplest change of which there may be any number.
					id := event.Tenant
					if _, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: id, Owner: event.OnBehalfOf}); err == nil {
						return
					}
					domain.Must(db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: id, Member: event.OnBehalfOf, Role: domain.RoleViewer}))
				},
			}
			breaks(&s)
			return s
		})
	}
}

// forgetsRemovals has no events of members who are gone.
type forgetsRemovals struct{ porttest.RecordedEvents }

func (s forgetsRemovals) Events(ctx context.Context, q ports.EventQuery) ([]domain.Event, error) {
	found, err := s.RecordedEvents.Events(ctx, q)
	return slices.DeleteFunc(found, func(e domain.Event) bool { return e.Kind == domain.EventMemberRemoved }), err
}

// omitsAddresses loses the address of an owner who claims.
type omitsAddresses struct{ ports.ReservationStore }

func (s omitsAddresses) Claim(ctx context.Context, claim ports.Claim) (ports.ClaimedTenant, error) {
	claim.Email = domain.Email{}
	return s.ReservationStore.Claim(ctx, claim)
}

// stutters has every event twice.
type stutters struct{ porttest.RecordedEvents }

func (s stutters) Events(ctx context.Context, q ports.EventQuery) ([]domain.Event, error) {
	found, err := s.RecordedEvents.Events(ctx, q)
	return append(found, found...), err
}

// newestFirst reads the newest event first.
type newestFirst struct{ ports.EventReader }

func (s newestFirst) Events(ctx context.Context, q ports.EventQuery) ([]domain.Event, error) {
	found, err := s.EventReader.Events(ctx, q)
	slices.Reverse(found)
	return found, err
}

// shared gives the lease to every process.
type shared struct{ ports.EventConsumers }

func (s shared) Acquire(ctx context.Context, lease ports.EventLease) (bool, error) {
	lease.Holder = "all"
	_, err := s.EventConsumers.Acquire(ctx, lease)
	return true, err
}

func (s shared) Next(ctx context.Context, lease ports.EventLease, limit int) ([]ports.EventDelivery, error) {
	lease.Holder = "all"
	return s.EventConsumers.Next(ctx, lease, limit)
}

func (s shared) Settle(ctx context.Context, lease ports.EventLease, event domain.Event, result ports.EventResult) error {
	lease.Holder = "all"
	return s.EventConsumers.Settle(ctx, lease, event, result)
}

// rushed delivers a failed event again at once.
type rushed struct{ ports.EventConsumers }

func (s rushed) Settle(ctx context.Context, lease ports.EventLease, event domain.Event, result ports.EventResult) error {
	result.RetryAfter = 0
	return s.EventConsumers.Settle(ctx, lease, event, result)
}

// hushed takes an event that is set aside for one that was handled.
type hushed struct{ ports.EventConsumers }

func (s hushed) Settle(ctx context.Context, lease ports.EventLease, event domain.Event, result ports.EventResult) error {
	if result.SetAside {
		result = ports.EventResult{}
	}
	return s.EventConsumers.Settle(ctx, lease, event, result)
}
