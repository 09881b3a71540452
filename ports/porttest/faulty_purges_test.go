package porttest_test

import (
	"context"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func purgeFaults() map[string]fault {
	purges := func(wrap func(porttest.Purges) porttest.Purges) func(*testing.T) {
		return func(t *testing.T) {
			porttest.TenantPurger(t, opensTenancy(func(s *porttest.Tenancy) { s.Purges = wrap(s.Purges) }))
		}
	}
	return map[string]fault{
		"a purge before its quiet time": {purges(func(p porttest.Purges) porttest.Purges { return tooSoon{p} }), "a tenant is not due until it was deleted for the quiet time"},
		"a lease that anyone has":       {purges(func(p porttest.Purges) porttest.Purges { return &openHanded{Purges: p} }), "one process works for a tenant at a time"},
		"a burial of the living":        {purges(func(p porttest.Purges) porttest.Purges { return gravedigger{p} }), "a tenant with data is not buried"},
		"a second look forgotten":       {purges(func(p porttest.Purges) porttest.Purges { return sloppy{p} }), "the objects of a tombstone are due once more"},
		"a failure tried at once":       {purges(func(p porttest.Purges) porttest.Purges { return restless{p} }), "a purge that failed waits, unless the request names its tenant"},
		"an ID freed too early": {purges(func(p porttest.Purges) porttest.Purges { return liberal{p} }),
			"an ID is not freed before its objects were purged once more, nor while they are"},
		"addresses kept beyond a purge": {func(t *testing.T) {
			porttest.TenantPurger(t, opensTenancy(func(s *porttest.Tenancy) { s.Events = &remembersEvents{RecordedEvents: s.Events} }))
		}, "a purge removes each address from the events of its tenant, and from no other's"},
		"an admission of any ID": {func(t *testing.T) {
			porttest.ReservationStore(t, opensTenancy(func(s *porttest.Tenancy) { s.Reservations = admitting{s.Reservations} }))
		}, "a claim of an ID that is refused creates nothing, and spends nothing"},
	}
}

// tooSoon waits for no signed URL to end.
type tooSoon struct{ porttest.Purges }

func (p tooSoon) Acquire(ctx context.Context, r ports.PurgeRequest) (ports.Purge, bool, error) {
	r.Quiet = 0
	return p.Purges.Acquire(ctx, r)
}

// openHanded remembers the last lease, and lets any caller use it.
type openHanded struct {
	porttest.Purges
	last ports.PurgeLease
}

func (p *openHanded) Acquire(ctx context.Context, r ports.PurgeRequest) (ports.Purge, bool, error) {
	purge, found, err := p.Purges.Acquire(ctx, r)
	if found {
		p.last = purge.Lease
	}
	return purge, found, err
}

func (p *openHanded) Renew(ctx context.Context, _ ports.PurgeLease) error {
	return p.Purges.Renew(ctx, p.last)
}

// gravedigger buries a tenant with its data.
type gravedigger struct{ porttest.Purges }

func (p gravedigger) Bury(ctx context.Context, lease ports.PurgeLease, again time.Duration) error {
	if _, err := p.RemoveData(ctx, lease); err != nil {
		return err
	}
	return p.Purges.Bury(ctx, lease, again)
}

// sloppy looks for late objects at once.
type sloppy struct{ porttest.Purges }

func (p sloppy) Bury(ctx context.Context, lease ports.PurgeLease, _ time.Duration) error {
	return p.Purges.Bury(ctx, lease, 0)
}

// restless tries a purge that failed again at once.
type restless struct{ porttest.Purges }

func (p restless) Release(ctx context.Context, lease ports.PurgeLease, failure ports.PurgeFailure) error {
	failure.Retry = 0
	return p.Purges.Release(ctx, lease, failure)
}

// liberal holds any ID.
type liberal struct{ porttest.Purges }

func (p liberal) Hold(ctx context.Context, lease ports.PurgeLease) error {
	_ = p.Purges.Hold(ctx, lease)
	return nil
}

// remembersEvents has each event as it was when it was first read.
type remembersEvents struct {
	porttest.RecordedEvents
	first map[int64]domain.Event
}

func (s *remembersEvents) Events(ctx context.Context, q ports.EventQuery) ([]domain.Event, error) {
	found, err := s.RecordedEvents.Events(ctx, q)
	if s.first == nil {
		s.first = map[int64]domain.Event{}
	}
	for i, e := range found {
		if _, seen := s.first[e.ID]; !seen {
			s.first[e.ID] = e
		}
		found[i] = s.first[e.ID]
	}
	return found, err
}

// admitting asks about no ID.
type admitting struct{ ports.ReservationStore }

func (s admitting) Claim(ctx context.Context, c ports.Claim) (ports.ClaimedTenant, error) {
	c.Admit = func(context.Context, domain.TenantID) error { return nil }
	return s.ReservationStore.Claim(ctx, c)
}
