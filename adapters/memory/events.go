package memory

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Events has the events of all tenants, and the consumers that read them. It
// implements [ports.EventSequencer], [ports.EventReader], [ports.EventConsumers],
// [ports.EventOperations] and [ports.EventRetention].
type Events struct{ db *DB }

var (
	_ ports.EventSequencer  = (*Events)(nil)
	_ ports.EventReader     = (*Events)(nil)
	_ ports.EventConsumers  = (*Events)(nil)
	_ ports.EventOperations = (*Events)(nil)
	_ ports.EventRetention  = (*Events)(nil)
)

// Events returns the events of all tenants.
func (db *DB) Events() *Events { return &Events{db} }

// eventLog has the events in the order of their IDs, which is that of their positions.
type eventLog struct {
	events    []domain.Event
	lastID    int64
	last      int64 // the last position
	consumers map[string]*consumer
}

// record adds an event. The database is locked.
func (db *DB) record(event domain.Event) {
	db.log.lastID++
	event.ID, event.At = db.log.lastID, clock(db.Now)
	db.log.events = append(db.log.events, event)
}

// numbered returns the events that have a position.
func (l *eventLog) numbered() []domain.Event {
	return l.events[:sort.Search(len(l.events), func(i int) bool { return l.events[i].Position == 0 })]
}

// Sequence implements [ports.EventSequencer].
func (s *Events) Sequence(ctx context.Context) (int, error) {
	if err := s.db.Ready(ctx); err != nil {
		return 0, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	log := &s.db.log
	fresh := log.events[len(log.numbered()):]
	fresh = fresh[:min(len(fresh), ports.MaxSequence)]
	for i := range fresh {
		log.last++
		fresh[i].Position = log.last
	}
	return len(fresh), nil
}

// Events implements [ports.EventReader].
func (s *Events) Events(ctx context.Context, q ports.EventQuery) ([]domain.Event, error) {
	if err := s.db.Ready(ctx); err != nil {
		return nil, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	first := int64(0)
	if q.Current {
		first = s.db.log.beginning(q.Tenant)
	}
	var found []domain.Event
	for _, e := range s.db.log.numbered() {
		if len(found) >= q.Limit {
			break
		}
		if e.ID >= first && matches(q, e) {
			found = append(found, e)
		}
	}
	return found, nil
}

func matches(q ports.EventQuery, e domain.Event) bool {
	return e.Position > q.After &&
		(q.Tenant.IsZero() || e.Tenant == q.Tenant) &&
		(q.Kind == "" || e.Kind == q.Kind) &&
		!e.At.Before(q.Since)
}

// beginning returns the ID of the event with which the tenant began that has the ID
// now, and 0 if there is none.
func (l *eventLog) beginning(id domain.TenantID) (first int64) {
	for _, e := range l.events {
		if e.Tenant == id && e.Kind.BeginsTenant() {
			first = e.ID
		}
	}
	return first
}

// RemoveEvents implements [ports.EventRetention].
func (s *Events) RemoveEvents(ctx context.Context, age time.Duration) (int, error) {
	if err := s.db.Ready(ctx); err != nil {
		return 0, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	log := &s.db.log
	before, oldest := len(log.events), clock(s.db.Now).Add(-age)
	log.events = slices.DeleteFunc(log.events, func(e domain.Event) bool {
		return e.Position > 0 && e.At.Before(oldest) && !log.isNeeded(e)
	})
	return before - len(log.events), nil
}

// isNeeded reports whether a consumer has not handled the event.
func (l *eventLog) isNeeded(e domain.Event) bool {
	for _, c := range l.consumers {
		if !c.handled(e) || c.setAside[e.ID] != nil {
			return true
		}
	}
	return false
}

// BlankAddresses implements [ports.EventRetention].
func (s *Events) BlankAddresses(ctx context.Context, id domain.TenantID) error {
	if err := id.Require(); err != nil {
		return err
	}
	if err := s.db.Ready(ctx); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	s.db.log.blankAddresses(id)
	return nil
}

func (l *eventLog) blankAddresses(id domain.TenantID) {
	for i, e := range l.events {
		if e.Tenant == id {
			l.events[i] = e.WithoutAddresses()
		}
	}
}
