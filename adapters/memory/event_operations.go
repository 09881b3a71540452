package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/partywall-go/partywall/ports"
)

// Consumers implements [ports.EventOperations].
func (s *Events) Consumers(ctx context.Context) ([]ports.EventConsumer, error) {
	if err := s.db.Ready(ctx); err != nil {
		return nil, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	var all []ports.EventConsumer
	for _, name := range slices.Sorted(maps.Keys(s.db.log.consumers)) {
		c := s.db.log.consumers[name]
		state := ports.EventConsumer{Name: name, Laggards: len(c.laggards)}
		for _, e := range s.db.log.events {
			if e.Position == 0 || e.Position > c.position {
				state.Lag++
			}
			if aside := c.setAside[e.ID]; aside != nil {
				state.SetAside = append(state.SetAside, ports.EventSetAside{Event: e, Failure: aside.failure, At: aside.at})
			}
			if state.Oldest.IsZero() && !c.handled(e) {
				state.Oldest = e.At
			}
		}
		all = append(all, state)
	}
	return all, nil
}

// RetrySetAside implements [ports.EventOperations].
func (s *Events) RetrySetAside(ctx context.Context, name string) (n int, err error) {
	err = s.withConsumer(ctx, name, func(c *consumer) {
		for _, aside := range c.setAside {
			aside.retry = true
			n++
		}
	})
	return n, err
}

// RemoveConsumer implements [ports.EventOperations].
func (s *Events) RemoveConsumer(ctx context.Context, name string) error {
	return s.withConsumer(ctx, name, func(*consumer) { delete(s.db.log.consumers, name) })
}

func (s *Events) withConsumer(ctx context.Context, name string, fn func(c *consumer)) error {
	if err := s.db.Ready(ctx); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	c := s.db.log.consumers[name]
	if c == nil {
		return ports.ErrNoConsumer
	}
	fn(c)
	return nil
}
