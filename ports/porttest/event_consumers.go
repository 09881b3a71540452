package porttest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// eventConsumer is a consumer whose lease the test holds.
type eventConsumer struct {
	EventLog
	lease ports.EventLease
}

func newLease() ports.EventLease {
	return ports.EventLease{Consumer: "consumer-" + unique(), Holder: unique(), Duration: time.Minute}
}

// consumer returns a new consumer that has handled all events that exist.
func (s EventLog) consumer(t *testing.T) eventConsumer {
	t.Helper()
	c := eventConsumer{s, newLease()}
	c.acquire(t)
	t.Cleanup(func() { _ = s.Operations.RemoveConsumer(context.Background(), c.lease.Consumer) })
	s.sequence(t)
	c.handle(t)
	return c
}

func (c eventConsumer) acquire(t *testing.T) {
	t.Helper()
	acquired, err := c.Consumers.Acquire(t.Context(), c.lease)
	mustDo(t, err)
	if !acquired {
		t.Fatal("the lease is another's")
	}
}

func (c eventConsumer) next(t *testing.T, limit int) []ports.EventDelivery {
	t.Helper()
	found, err := c.Consumers.Next(t.Context(), c.lease, limit)
	mustDo(t, err)
	return found
}

func (c eventConsumer) settle(t *testing.T, d ports.EventDelivery, result ports.EventResult) {
	t.Helper()
	mustDo(t, c.Consumers.Settle(t.Context(), c.lease, d.Event, result))
}

// handle settles all that is delivered now, and returns it.
func (c eventConsumer) handle(t *testing.T) (all []domain.Event) {
	t.Helper()
	for {
		found := c.next(t, 100)
		if len(found) == 0 {
			return all
		}
		for _, d := range found {
			c.settle(t, d, ports.EventResult{})
			all = append(all, d.Event)
		}
	}
}

// state returns what the operator sees of the consumer.
func (c eventConsumer) state(t *testing.T) ports.EventConsumer {
	t.Helper()
	all, err := c.Operations.Consumers(t.Context())
	mustDo(t, err)
	i := slices.IndexFunc(all, func(s ports.EventConsumer) bool { return s.Name == c.lease.Consumer })
	if i < 0 {
		t.Fatalf("there is no consumer %s", c.lease.Consumer)
	}
	return all[i]
}

func leaseConsumers(t *testing.T, open func(t *testing.T) EventLog) {
	t.Run("one holder has the lease until it releases it", func(t *testing.T) {
		s := open(t)
		first, second := s.consumer(t), eventConsumer{s, newLease()}
		second.lease.Consumer = first.lease.Consumer
		s.record(t, newTenantID(t, "leased"), 1)
		d := first.next(t, 1)[0]
		second.mustHaveNoLease(t, d.Event)
		first.acquire(t)
		mustDo(t, s.Consumers.Release(t.Context(), second.lease))
		second.mustHaveNoLease(t, d.Event)
		mustDo(t, s.Consumers.Release(t.Context(), first.lease))
		second.acquire(t)
		first.mustHaveNoLease(t, d.Event)
		if got := second.next(t, 1); len(got) != 1 || got[0].Event.ID != d.Event.ID {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a lease ends after its duration, unless it is extended", func(t *testing.T) {
		s := open(t)
		first, second := s.consumer(t), eventConsumer{s, newLease()}
		second.lease.Consumer = first.lease.Consumer
		first.lease.Duration = soon
		first.acquire(t)
		time.Sleep(past)
		second.acquire(t)
		first.mustHaveNoLease(t, domain.Event{})
	})
	t.Run("of many holders at once one gets the lease", func(t *testing.T) {
		s, consumer := open(t), newLease().Consumer
		t.Cleanup(func() { _ = s.Operations.RemoveConsumer(context.Background(), consumer) })
		errs := race(func(int) error {
			acquired, err := s.Consumers.Acquire(t.Context(), ports.EventLease{Consumer: consumer, Holder: unique(), Duration: time.Minute})
			if err == nil && !acquired {
				err = ports.ErrLeaseLost
			}
			return err
		})
		mustWinOnce(t, errs, domain.Conflict)
	})
}

func (c eventConsumer) mustHaveNoLease(t *testing.T, event domain.Event) {
	t.Helper()
	if acquired, err := c.Consumers.Acquire(t.Context(), c.lease); acquired || err != nil {
		t.Fatalf("Acquire = %v, %v", acquired, err)
	}
	_, err := c.Consumers.Next(t.Context(), c.lease, 1)
	mustBe(t, err, domain.Conflict)
	mustBe(t, c.Consumers.Settle(t.Context(), c.lease, event, ports.EventResult{}), domain.Conflict)
}

func deliverEvents(t *testing.T, open func(t *testing.T) EventLog) {
	t.Run("events are delivered in order until they are settled", func(t *testing.T) {
		s, one, two := open(t), newTenantID(t, "one"), newTenantID(t, "two")
		c := s.consumer(t)
		s.record(t, one, 2)
		s.record(t, two, 2)
		want := append(s.of(t, one), s.of(t, two)...)
		for _, limit := range []int{0, 1, 3, 10} {
			mustBeDelivered(t, c.next(t, limit), want[:min(limit, 4)]...)
		}
		c.settle(t, c.next(t, 1)[0], ports.EventResult{})
		mustBeDelivered(t, c.next(t, 10), want[1:]...)
		c.handle(t)
		mustBeDelivered(t, c.next(t, 10))
		if state := c.state(t); state.Lag != 0 || !state.Oldest.IsZero() || state.Laggards != 0 || len(state.SetAside) != 0 {
			t.Errorf("the state is %+v", state)
		}
	})
	t.Run("each consumer gets every event, a new one from the first", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "event")
		s.record(t, id, 2)
		for range 2 {
			c := eventConsumer{s, newLease()}
			c.acquire(t)
			got := slices.DeleteFunc(c.handle(t), func(e domain.Event) bool { return e.Tenant != id })
			if !slices.EqualFunc(got, s.of(t, id), sameEvent) {
				t.Errorf("got %+v", got)
			}
			mustDo(t, s.Operations.RemoveConsumer(t.Context(), c.lease.Consumer))
		}
	})
	t.Run("an event without a position is not delivered, and counts as the lag", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "event")
		c := s.consumer(t)
		s.record(t, id, 2)
		s.Record(t, newEvent(t, id, domain.EventMemberLeft))
		mustBeDelivered(t, c.next(t, 10), s.of(t, id)...)
		state := c.state(t)
		if state.Lag != 3 || !state.Oldest.Equal(s.of(t, id)[0].At) {
			t.Errorf("the state is %+v", state)
		}
		mustBeRecent(t, state.Oldest)
	})
	t.Run("a consumer that was removed starts again before the first event", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "event")
		c := s.consumer(t)
		s.record(t, id, 1)
		c.handle(t)
		mustDo(t, s.Operations.RemoveConsumer(t.Context(), c.lease.Consumer))
		c.acquire(t)
		if got := c.handle(t); !slices.ContainsFunc(got, func(e domain.Event) bool { return e.Tenant == id }) {
			t.Errorf("got %d events", len(got))
		}
	})
	t.Run("an unknown consumer is not found", func(t *testing.T) {
		s, name := open(t), newLease().Consumer
		_, err := s.Operations.RetrySetAside(t.Context(), name)
		mustBe(t, err, domain.NotFound)
		mustBe(t, s.Operations.RemoveConsumer(t.Context(), name), domain.NotFound)
	})
}

func delayEvents(t *testing.T, open func(t *testing.T) EventLog) {
	t.Run("after a failure the events of that tenant wait, and no others", func(t *testing.T) {
		s, bad, good := open(t), newTenantID(t, "bad"), newTenantID(t, "good")
		c := s.consumer(t)
		s.record(t, bad, 2)
		s.record(t, good, 1)
		waiting := s.of(t, bad)
		c.settle(t, c.next(t, 1)[0], ports.EventResult{Failure: "no", RetryAfter: time.Hour})
		mustBeDelivered(t, c.next(t, 10), s.of(t, good)...)
		c.handle(t)
		s.record(t, bad, 1)
		s.record(t, good, 1)
		mustBeDelivered(t, c.next(t, 10), s.of(t, good)[1])
		c.handle(t)
		state := c.state(t)
		if state.Laggards != 1 || !state.Oldest.Equal(waiting[0].At) {
			t.Errorf("the state is %+v", state)
		}
	})
	t.Run("a failed event is delivered again after its delay, and then the rest of its tenant", func(t *testing.T) {
		s, bad, good := open(t), newTenantID(t, "bad"), newTenantID(t, "good")
		c := s.consumer(t)
		s.record(t, bad, 3)
		s.record(t, good, 1)
		for failures := range 3 {
			d := c.next(t, 1)[0]
			if d.Event.Tenant != bad || d.Failures != failures || d.Retry {
				t.Fatalf("got %+v", d)
			}
			c.settle(t, d, ports.EventResult{Failure: "no", RetryAfter: soon})
			time.Sleep(past)
		}
		got := c.handle(t)
		s.record(t, bad, 1)
		got = append(got, c.handle(t)...)
		ofBad := slices.DeleteFunc(slices.Clone(got), func(e domain.Event) bool { return e.Tenant == good })
		if !slices.EqualFunc(ofBad, s.of(t, bad), sameEvent) || len(got) != 5 {
			t.Errorf("got %+v", got)
		}
		if state := c.state(t); state.Laggards != 0 || state.Lag != 0 {
			t.Errorf("the state is %+v", state)
		}
	})
}

func setEventsAside(t *testing.T, open func(t *testing.T) EventLog) {
	t.Run("an event that is set aside is not delivered, and the next one of its tenant is", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "bad")
		c := s.consumer(t)
		s.record(t, id, 2)
		all := s.of(t, id)
		c.settle(t, c.next(t, 1)[0], ports.EventResult{Failure: "it is wrong", SetAside: true})
		mustBeDelivered(t, c.next(t, 10), all[1])
		c.handle(t)
		state := c.state(t)
		if len(state.SetAside) != 1 || !sameEvent(state.SetAside[0].Event, all[0]) || state.SetAside[0].Failure != "it is wrong" {
			t.Fatalf("the state is %+v", state)
		}
		mustBeRecent(t, state.SetAside[0].At)
		if state.Lag != 0 || !state.Oldest.IsZero() {
			t.Errorf("the state is %+v", state)
		}
	})
	t.Run("an event that failed before is set aside, and its tenant's next ones are delivered", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "bad")
		c := s.consumer(t)
		s.record(t, id, 2)
		c.settle(t, c.next(t, 1)[0], ports.EventResult{Failure: "no", RetryAfter: soon})
		time.Sleep(past)
		c.settle(t, c.next(t, 1)[0], ports.EventResult{Failure: "never", SetAside: true})
		mustBeDelivered(t, c.next(t, 10), s.of(t, id)[1])
	})
	t.Run("the operator has it delivered once more", func(t *testing.T) {
		s, id := open(t), newTenantID(t, "bad")
		c := s.consumer(t)
		s.record(t, id, 2)
		c.settle(t, c.next(t, 1)[0], ports.EventResult{Failure: "first", SetAside: true})
		c.handle(t)
		for _, again := range []ports.EventResult{{Failure: "second", SetAside: true}, {Failure: "third", RetryAfter: time.Hour}, {}} {
			n, err := s.Operations.RetrySetAside(t.Context(), c.lease.Consumer)
			mustDo(t, err)
			found := c.next(t, 10)
			if n != 1 || len(found) != 1 || !found[0].Retry || !sameEvent(found[0].Event, s.of(t, id)[0]) {
				t.Fatalf("%d to retry, got %+v", n, found)
			}
			c.settle(t, found[0], again)
			mustBeDelivered(t, c.next(t, 10))
			if aside := c.state(t).SetAside; again.Failure == "" && len(aside) != 0 || again.Failure != "" && (len(aside) != 1 || aside[0].Failure != again.Failure) {
				t.Errorf("after %+v: %+v is set aside", again, aside)
			}
		}
		s.record(t, id, 1)
		mustBeDelivered(t, c.next(t, 10), s.of(t, id)[2])
	})
}

// mustBeDelivered fails unless the deliveries are those of the events.
func mustBeDelivered(t *testing.T, got []ports.EventDelivery, want ...domain.Event) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(d ports.EventDelivery, e domain.Event) bool { return sameEvent(d.Event, e) }) {
		t.Errorf("delivered %+v\nwant %+v", got, want)
	}
}
