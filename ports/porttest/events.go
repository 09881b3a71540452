package porttest

import (
	"context"
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// EventLog is the events of one registry.
type EventLog struct {
	Sequencer  ports.EventSequencer
	Reader     ports.EventReader
	Consumers  ports.EventConsumers
	Operations ports.EventOperations
	Retention  ports.EventRetention

	// Record records an event as the store of a change does.
	Record func(t *testing.T, event domain.Event)
}

// Events runs the contracts of [ports.EventSequencer], [ports.EventReader],
// [ports.EventConsumers], [ports.EventOperations] and [ports.EventRetention].
func Events(t *testing.T, open func(t *testing.T) EventLog) {
	sequenceEvents(t, open)
	readEvents(t, open)
	leaseConsumers(t, open)
	deliverEvents(t, open)
	delayEvents(t, open)
	setEventsAside(t, open)
	retainEvents(t, open)

	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Reader.Events(ctx, ports.EventQuery{Limit: 1})
		return err
	})
	t.Run("a lease without a consumer, a holder or a duration is invalid", func(t *testing.T) {
		s := open(t)
		_, err := s.Consumers.Acquire(t.Context(), ports.EventLease{Holder: "x", Duration: time.Minute})
		mustBeOn(t, err, "consumer", domain.Invalid)
		_, err = s.Consumers.Next(t.Context(), ports.EventLease{Consumer: "x", Duration: time.Minute}, 1)
		mustBeOn(t, err, "consumer", domain.Invalid)
		mustBeOn(t, s.Consumers.Release(t.Context(), ports.EventLease{Consumer: "x", Holder: "x"}), "consumer", domain.Invalid)
	})
	t.Run("the addresses of no tenant are not blanked", func(t *testing.T) {
		mustBeOn(t, open(t).Retention.BlankAddresses(t.Context(), domain.TenantID{}), "tenantId", domain.Invalid)
	})
}

// newEvent returns an event to be recorded in tenant id.
func newEvent(t *testing.T, id domain.TenantID, kind domain.EventKind) domain.Event {
	t.Helper()
	ctx := domain.WithRequestInfo(t.Context(), domain.RequestInfo{ID: "r-" + unique(), Address: netip.MustParseAddr("2001:db8::7")})
	event, err := domain.NewEvent(ctx, kind, id, domain.UserActor(newIdentity(t)), map[string]string{"email": "ada@example.com", "name": "Zoë \"<&>\" 長"})
	mustDo(t, err)
	event.OnBehalfOf = newIdentity(t)
	return event
}

// record records n events of tenant id and numbers them.
func (s EventLog) record(t *testing.T, id domain.TenantID, n int) {
	t.Helper()
	for range n {
		s.Record(t, newEvent(t, id, domain.EventMemberAdded))
	}
	s.sequence(t)
}

// sequence numbers all events.
func (s EventLog) sequence(t *testing.T) {
	t.Helper()
	for {
		n, err := s.Sequencer.Sequence(t.Context())
		mustDo(t, err)
		if n == 0 {
			return
		}
	}
}

// of returns the numbered events of tenant id.
func (s EventLog) of(t *testing.T, id domain.TenantID) []domain.Event {
	t.Helper()
	return s.query(t, ports.EventQuery{Tenant: id, Limit: 10_000})
}

func (s EventLog) query(t *testing.T, q ports.EventQuery) []domain.Event {
	t.Helper()
	events, err := s.Reader.Events(t.Context(), q)
	mustDo(t, err)
	return events
}

// last returns the position of the newest event.
func (s EventLog) last(t *testing.T) int64 {
	t.Helper()
	s.record(t, newTenantID(t, "last"), 1)
	last := int64(0)
	for {
		page := s.query(t, ports.EventQuery{After: last, Limit: 1000})
		if len(page) == 0 {
			return last
		}
		last = page[len(page)-1].Position
	}
}

func sequenceEvents(t *testing.T, open func(t *testing.T) EventLog) {
	t.Run("an event is read once it has a position", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "event")
		s.Record(t, newEvent(t, id, domain.EventMemberAdded))
		if got := s.of(t, id); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
		s.sequence(t)
		if got := s.of(t, id); len(got) != 1 {
			t.Errorf("got %d events", len(got))
		}
	})
	t.Run("positions follow each other in the order of IDs", func(t *testing.T) {
		s, one, two := open(t), newTenantID(t, "one"), newTenantID(t, "two")
		before := s.last(t)
		for range 3 {
			s.Record(t, newEvent(t, one, domain.EventMemberAdded))
			s.Record(t, newEvent(t, two, domain.EventMemberAdded))
		}
		s.sequence(t)
		s.record(t, one, 1)
		mustFollow(t, s.query(t, ports.EventQuery{After: before, Limit: 100}), before, 7)
	})
	t.Run("writers and sequencers at once skip no position and give none twice", func(t *testing.T) {
		s := open(t)
		before := s.last(t)
		tenants := []domain.TenantID{newTenantID(t, "a"), newTenantID(t, "b"), newTenantID(t, "c")}
		var writing, sequencing sync.WaitGroup
		done := make(chan struct{})
		for i := range 8 {
			writing.Go(func() {
				for range 10 {
					s.Record(t, newEvent(t, tenants[i%len(tenants)], domain.EventMemberAdded))
				}
			})
		}
		for range 3 {
			sequencing.Go(func() {
				for {
					if _, err := s.Sequencer.Sequence(t.Context()); err != nil {
						t.Error(err)
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		writing.Wait()
		close(done)
		sequencing.Wait()
		s.sequence(t)
		all := s.query(t, ports.EventQuery{After: before, Limit: 1000})
		if len(all) != 80 {
			t.Fatalf("got %d events", len(all))
		}
		for i, e := range all {
			if e.Position != before+int64(i)+1 {
				t.Fatalf("event %d has position %d after %d", i, e.Position, before)
			}
		}
		for _, id := range tenants {
			if !slices.IsSortedFunc(s.of(t, id), func(a, b domain.Event) int { return int(a.ID - b.ID) }) {
				t.Errorf("the events of %s are out of order", id)
			}
		}
	})
}

// mustFollow fails unless there are n events, whose positions follow each other after
// before, in the order of their IDs.
func mustFollow(t *testing.T, events []domain.Event, before int64, n int) {
	t.Helper()
	if len(events) != n {
		t.Fatalf("got %d events, want %d", len(events), n)
	}
	for i, e := range events {
		if e.Position != before+int64(i)+1 || i > 0 && e.ID <= events[i-1].ID {
			t.Errorf("event %d has position %d and ID %d, after position %d", i, e.Position, e.ID, before)
		}
	}
}

func readEvents(t *testing.T, open func(t *testing.T) EventLog) {
	t.Run("an event is read as it was recorded", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "event")
		user, operator := newEvent(t, id, domain.EventTenantClaimed), newEvent(t, id, domain.EventMemberLeft)
		operator.Actor, operator.OnBehalfOf, operator.Address, operator.RequestID = domain.OperatorActor(), domain.Identity{}, netip.Addr{}, ""
		s.Record(t, user)
		s.Record(t, operator)
		s.sequence(t)
		got := s.of(t, id)
		if len(got) != 2 {
			t.Fatalf("got %d events", len(got))
		}
		for i, want := range []domain.Event{user, operator} {
			mustBeRecent(t, got[i].At)
			want.ID, want.Position, want.At = got[i].ID, got[i].Position, got[i].At
			if !sameEvent(got[i], want) {
				t.Errorf("got  %+v\nwant %+v", got[i], want)
			}
		}
	})
	t.Run("a query selects by tenant, kind, time and position", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "event")
		for _, kind := range []domain.EventKind{domain.EventMemberAdded, domain.EventMemberLeft, domain.EventMemberAdded} {
			s.Record(t, newEvent(t, id, kind))
			s.Record(t, newEvent(t, newTenantID(t, "other"), kind))
			time.Sleep(soon)
		}
		s.sequence(t)
		all := s.of(t, id)
		for name, c := range map[string]struct {
			query ports.EventQuery
			want  []domain.Event
		}{
			"a tenant":        {ports.EventQuery{Tenant: id}, all},
			"a kind":          {ports.EventQuery{Tenant: id, Kind: domain.EventMemberAdded}, []domain.Event{all[0], all[2]}},
			"an unknown kind": {ports.EventQuery{Tenant: id, Kind: "no.such"}, nil},
			"a time":          {ports.EventQuery{Tenant: id, Since: all[1].At}, all[1:]},
			"a later time":    {ports.EventQuery{Tenant: id, Since: all[2].At.Add(time.Hour)}, nil},
			"a position":      {ports.EventQuery{Tenant: id, After: all[0].Position}, all[1:]},
			"the last one":    {ports.EventQuery{Tenant: id, After: all[2].Position}, nil},
			"all at once":     {ports.EventQuery{Tenant: id, Kind: domain.EventMemberAdded, Since: all[0].At, After: all[0].Position}, all[2:]},
		} {
			c.query.Limit = 10
			if got := s.query(t, c.query); !slices.EqualFunc(got, c.want, sameEvent) {
				t.Errorf("%s: got %+v, want %+v", name, got, c.want)
			}
		}
		for limit := range 3 {
			if got := s.query(t, ports.EventQuery{Tenant: id, Limit: limit}); !slices.EqualFunc(got, all[:limit], sameEvent) {
				t.Errorf("with the limit %d: got %d events", limit, len(got))
			}
		}
		if everything := s.query(t, ports.EventQuery{Since: all[0].At, After: all[0].Position - 1, Limit: 3}); len(everything) != 3 || everything[1].Tenant == id {
			t.Errorf("of all tenants: got %+v", everything)
		}
	})
	t.Run("a tenant shows no event of an earlier one that had its ID", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "event")
		for _, kind := range []domain.EventKind{domain.EventTenantCreated, domain.EventMemberAdded, domain.EventTenantClaimed, domain.EventMemberLeft} {
			s.Record(t, newEvent(t, id, kind))
		}
		s.sequence(t)
		all := s.of(t, id)
		if got := s.query(t, ports.EventQuery{Tenant: id, Current: true, Limit: 10}); !slices.EqualFunc(got, all[2:], sameEvent) {
			t.Errorf("got %+v", got)
		}
	})
}

// sameEvent reports whether a and b are the same, in all their parts.
func sameEvent(a, b domain.Event) bool {
	return a.ID == b.ID && a.Position == b.Position && a.At.Equal(b.At) && a.Kind == b.Kind && a.Tenant == b.Tenant && a.Actor == b.Actor &&
		a.OnBehalfOf == b.OnBehalfOf && a.Address == b.Address && a.RequestID == b.RequestID && string(a.Data) == string(b.Data)
}

func sameJSON(t *testing.T, a, b json.RawMessage) bool {
	t.Helper()
	var left, right any
	mustDo(t, json.Unmarshal(a, &left))
	mustDo(t, json.Unmarshal(b, &right))
	return reflect.DeepEqual(left, right)
}

func retainEvents(t *testing.T, open func(t *testing.T) EventLog) {
	t.Run("old events are removed once every consumer has handled them", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "old")
		quick, slow := s.consumer(t), s.consumer(t)
		s.record(t, id, 3)
		before := s.last(t)
		quick.handle(t)
		slow.settle(t, slow.next(t, 1)[0], ports.EventResult{})
		time.Sleep(past)
		_, err := s.Retention.RemoveEvents(t.Context(), time.Hour)
		mustDo(t, err)
		if got := len(s.of(t, id)); got != 3 {
			t.Fatalf("%d events are left that are not old", got)
		}
		removed, err := s.Retention.RemoveEvents(t.Context(), past/2)
		mustDo(t, err)
		if got := len(s.of(t, id)); got != 2 || removed < 1 {
			t.Errorf("%d events are left, %d were removed", got, removed)
		}
		slow.handle(t)
		_, err = s.Retention.RemoveEvents(t.Context(), past/2)
		mustDo(t, err)
		if got := s.of(t, id); len(got) != 0 {
			t.Errorf("%d events are left", len(got))
		}
		s.record(t, id, 1)
		if got := s.of(t, id); got[0].Position != before+1 {
			t.Errorf("the next position is %d after %d", got[0].Position, before)
		}
	})
	t.Run("events that wait for another attempt, or for the operator, stay", func(t *testing.T) {
		s, failed, given := open(t), newTenantID(t, "failed"), newTenantID(t, "given")
		c := s.consumer(t)
		s.record(t, failed, 2)
		s.record(t, given, 2)
		for _, d := range c.next(t, 10) {
			result := ports.EventResult{Failure: "no", SetAside: true}
			if d.Event.Tenant == failed {
				result = ports.EventResult{Failure: "no", RetryAfter: time.Hour}
			}
			c.settle(t, d, result)
		}
		time.Sleep(past)
		_, err := s.Retention.RemoveEvents(t.Context(), past/2)
		mustDo(t, err)
		if a, b := len(s.of(t, failed)), len(s.of(t, given)); a != 2 || b != 2 {
			t.Errorf("%d and %d events are left", a, b)
		}
	})
	t.Run("the addresses in a tenant's events are blanked", func(t *testing.T) {
		s, id, other := open(t), newTenantID(t, "gone"), newTenantID(t, "other")
		s.record(t, id, 1)
		s.record(t, other, 1)
		want, stays := s.of(t, id)[0].WithoutAddresses(), s.of(t, other)[0]
		for range 2 {
			mustDo(t, s.Retention.BlankAddresses(t.Context(), id))
			if got := s.of(t, id)[0]; got.Address.IsValid() || !sameJSON(t, got.Data, want.Data) || got.Actor != want.Actor || got.RequestID != want.RequestID {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
		if got := s.of(t, other)[0]; !sameEvent(got, stays) {
			t.Errorf("the event of another tenant is %+v", got)
		}
	})
}
