package memory

import (
	"context"
	"slices"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// consumer is how far a consumer of events is.
type consumer struct {
	position    int64 // up to which events were delivered, or belong to a laggard
	holder      string
	leasedUntil time.Time
	laggards    map[domain.TenantID]*laggard
	setAside    map[int64]*setAside // by the ID of the event
}

// laggard is a tenant whose events wait after a failure.
type laggard struct {
	position int64 // up to which the tenant's events were delivered
	failures int   // of the next event
	retryAt  time.Time
}

// setAside is an event that a consumer gave up.
type setAside struct {
	failure string
	at      time.Time
	retry   bool
}

// handled reports whether the event was delivered, or was set aside.
func (c *consumer) handled(e domain.Event) bool {
	if l := c.laggards[e.Tenant]; l != nil && e.Position > l.position {
		return false
	}
	return e.Position > 0 && e.Position <= c.position
}

// Acquire implements [ports.EventConsumers].
func (s *Events) Acquire(ctx context.Context, lease ports.EventLease) (bool, error) {
	if err := lease.Validate(); err != nil {
		return false, err
	}
	if err := s.db.Ready(ctx); err != nil {
		return false, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	c := s.db.log.consumers[lease.Consumer]
	if c == nil {
		c = &consumer{}
		set(&s.db.log.consumers, lease.Consumer, c)
	}
	if c.holder != lease.Holder && now.Before(c.leasedUntil) {
		return false, nil
	}
	c.holder, c.leasedUntil = lease.Holder, now.Add(lease.Duration)
	return true, nil
}

// Release implements [ports.EventConsumers].
func (s *Events) Release(ctx context.Context, lease ports.EventLease) error {
	if err := lease.Validate(); err != nil {
		return err
	}
	if err := s.db.Ready(ctx); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if c := s.db.log.consumers[lease.Consumer]; c != nil && c.holder == lease.Holder {
		c.leasedUntil = clock(s.db.Now)
	}
	return nil
}

// held calls fn with the consumer whose lease the caller holds, and extends the lease.
func (s *Events) held(ctx context.Context, lease ports.EventLease, fn func(c *consumer, now time.Time)) error {
	if err := lease.Validate(); err != nil {
		return err
	}
	if err := s.db.Ready(ctx); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	c := s.db.log.consumers[lease.Consumer]
	if c == nil || c.holder != lease.Holder || !now.Before(c.leasedUntil) {
		return ports.ErrLeaseLost
	}
	c.leasedUntil = now.Add(lease.Duration)
	fn(c, now)
	return nil
}

// Next implements [ports.EventConsumers].
func (s *Events) Next(ctx context.Context, lease ports.EventLease, limit int) (next []ports.EventDelivery, err error) {
	err = s.held(ctx, lease, func(c *consumer, now time.Time) {
		events := s.db.log.numbered()
		next = slices.Concat(c.retried(events), c.delayed(events, now), c.fresh(events))
		next = next[:min(max(limit, 0), len(next))]
	})
	return next, err
}

// retried returns the events that were set aside and are to be delivered once more.
func (c *consumer) retried(events []domain.Event) (found []ports.EventDelivery) {
	for _, e := range events {
		if s := c.setAside[e.ID]; s != nil && s.retry {
			found = append(found, ports.EventDelivery{Event: e, Retry: true})
		}
	}
	return found
}

// delayed returns the next event of each tenant that is due. A tenant that has none
// left is no laggard any more.
func (c *consumer) delayed(events []domain.Event, now time.Time) (found []ports.EventDelivery) {
	for tenant, l := range c.laggards {
		next := slices.IndexFunc(events, func(e domain.Event) bool {
			return e.Tenant == tenant && e.Position > l.position && e.Position <= c.position
		})
		switch {
		case next < 0:
			delete(c.laggards, tenant)
		case !now.Before(l.retryAt):
			found = append(found, ports.EventDelivery{Event: events[next], Failures: l.failures})
		}
	}
	return found
}

// fresh returns the events that were not offered yet, except those of laggards.
func (c *consumer) fresh(events []domain.Event) (found []ports.EventDelivery) {
	for _, e := range events {
		if e.Position > c.position && c.laggards[e.Tenant] == nil {
			found = append(found, ports.EventDelivery{Event: e})
		}
	}
	return found
}

// Settle implements [ports.EventConsumers].
func (s *Events) Settle(ctx context.Context, lease ports.EventLease, event domain.Event, result ports.EventResult) error {
	return s.held(ctx, lease, func(c *consumer, now time.Time) {
		if retried := c.setAside[event.ID]; retried != nil {
			if delete(c.setAside, event.ID); result.Failure != "" {
				c.setAside[event.ID] = &setAside{failure: result.Failure, at: now}
			}
			return
		}
		if result.Failure != "" && !result.SetAside {
			c.delay(event, now.Add(result.RetryAfter))
			return
		}
		if result.Failure != "" {
			set(&c.setAside, event.ID, &setAside{failure: result.Failure, at: now})
		}
		if l := c.laggards[event.Tenant]; l != nil {
			*l = laggard{position: event.Position, retryAt: now}
			return
		}
		c.position = max(c.position, event.Position)
	})
}

// delay has the event's tenant wait.
func (c *consumer) delay(event domain.Event, until time.Time) {
	l := c.laggards[event.Tenant]
	if l == nil {
		l = &laggard{position: event.Position - 1}
		set(&c.laggards, event.Tenant, l)
	}
	l.failures++
	l.retryAt = until
	c.position = max(c.position, event.Position)
}
