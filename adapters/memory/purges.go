package memory

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// purge is how far the purge of a tenant is.
type purge struct {
	holder       string
	leasedUntil  time.Time // without a holder: until when the purge waits after a failure
	failures     int       // in a row
	failure      string
	objectsAfter time.Time // when the objects of a tombstone are purged once more; zero: not any more
}

func (p *purge) heldBy(lease ports.PurgeLease, now time.Time) bool {
	return p != nil && p.holder != "" && p.holder == lease.Holder && now.Before(p.leasedUntil)
}

func (p *purge) give(lease ports.PurgeLease, now time.Time) {
	p.holder, p.leasedUntil = lease.Holder, now.Add(lease.Duration)
}

// Purges ends the life of deleted tenants. It implements [ports.TenantPurger] and
// [ports.TenantTombstones].
type Purges struct{ db *DB }

var (
	_ ports.TenantPurger     = (*Purges)(nil)
	_ ports.TenantTombstones = (*Purges)(nil)
)

// Purges returns the purges of tenants.
func (db *DB) Purges() *Purges { return &Purges{db} }

// Acquire implements [ports.TenantPurger].
func (s *Purges) Acquire(ctx context.Context, request ports.PurgeRequest) (ports.Purge, bool, error) {
	if err := request.Lease.Validate(); err != nil {
		return ports.Purge{}, false, err
	}
	if err := s.db.Ready(ctx); err != nil {
		return ports.Purge{}, false, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	id, found := s.db.duePurge(request, now)
	if !found {
		return ports.Purge{}, false, nil
	}
	status := domain.Gone
	if t := s.db.tenants[id]; t != nil {
		if err := s.db.startPurge(ctx, t, now); err != nil {
			return ports.Purge{}, false, err
		}
		status = t.Status
	}
	p := s.db.purges[id]
	if p == nil {
		p = &purge{}
		set(&s.db.purges, id, p)
	}
	lease := request.Lease
	lease.Tenant = id
	p.give(lease, now)
	return ports.Purge{Lease: lease, Status: status, Failures: p.failures}, true, nil
}

// duePurge returns a tenant whose purge is due and that no process purges.
func (db *DB) duePurge(request ports.PurgeRequest, now time.Time) (domain.TenantID, bool) {
	named := request.Lease.Tenant
	waits := func(id domain.TenantID) bool {
		p := db.purges[id]
		return !named.IsZero() && named != id || p != nil && now.Before(p.leasedUntil) && (named.IsZero() || p.holder != "")
	}
	for id, t := range db.tenants {
		if request.IsDue(t.TenantDetails, now) && !waits(id) {
			return id, true
		}
	}
	for id, p := range db.purges {
		due := db.tombstones[id] != nil && !p.objectsAfter.IsZero() && !now.Before(p.objectsAfter)
		if due && !waits(id) {
			return id, true
		}
	}
	return domain.TenantID{}, false
}

// startPurge makes a deleted tenant one that is being purged.
func (db *DB) startPurge(ctx context.Context, t *record, now time.Time) error {
	return db.changeRecord(ctx, t, domain.TenantChange{Action: domain.PurgeTenant}, domain.SystemActor(), now)
}

// Renew implements [ports.TenantPurger].
func (s *Purges) Renew(ctx context.Context, lease ports.PurgeLease) error {
	return s.holding(ctx, lease, func(p *purge, now time.Time) error {
		p.give(lease, now)
		return nil
	})
}

// Release implements [ports.TenantPurger].
func (s *Purges) Release(ctx context.Context, lease ports.PurgeLease, failure ports.PurgeFailure) error {
	return s.holding(ctx, lease, func(p *purge, now time.Time) error {
		p.holder, p.leasedUntil = "", now.Add(failure.Retry)
		if failure.Text != "" {
			p.failures++
			p.failure = failure.Text
		}
		return nil
	})
}

// RemoveData implements [ports.TenantPurger], all at once.
func (s *Purges) RemoveData(ctx context.Context, lease ports.PurgeLease) (more bool, err error) {
	return false, s.holding(ctx, lease, func(p *purge, now time.Time) error {
		if err := s.db.mustPurge(lease.Tenant); err != nil {
			return err
		}
		s.db.forgetTenant(lease.Tenant)
		p.give(lease, now)
		return nil
	})
}

// mustPurge returns an error unless the tenant's data may be removed.
func (db *DB) mustPurge(id domain.TenantID) error {
	if t := db.tenants[id]; t == nil || t.Status != domain.Purging {
		return ports.ErrPurgeLost
	}
	return nil
}

// forgetTenant removes all that the database has of a tenant, besides its record and its
// events, which stay without addresses.
func (db *DB) forgetTenant(id domain.TenantID) {
	for _, places := range db.places {
		delete(places, id)
	}
	for asked, given := range db.answers {
		if asked.tenant == id || given.tenant == id {
			delete(db.answers, asked)
		}
	}
	for invitation, i := range db.invitations {
		if i.Tenant == id {
			delete(db.invitations, invitation)
		}
	}
	for token, claim := range db.spent {
		if claim.tenant == id {
			delete(db.spent, token)
		}
	}
	delete(db.upgrading, id)
	db.log.blankAddresses(id)
}

// hasData reports whether the database has something that forgetTenant removes.
func (db *DB) hasData(id domain.TenantID) bool {
	for _, places := range db.places {
		if _, found := places[id]; found {
			return true
		}
	}
	return false
}

// Bury implements [ports.TenantPurger].
func (s *Purges) Bury(ctx context.Context, lease ports.PurgeLease, again time.Duration) error {
	return s.holding(ctx, lease, func(_ *purge, now time.Time) error {
		id := lease.Tenant
		if err := s.db.mustPurge(id); err != nil {
			return err
		}
		if s.db.hasData(id) {
			return ports.ErrHasData(id)
		}
		tenant := s.db.tenants[id].Tenant
		if err := s.db.recordEnd(ctx, domain.EventTenantPurged, tenant, domain.SystemActor()); err != nil {
			return err
		}
		delete(s.db.tenants, id)
		s.db.bury(tenant)
		set(&s.db.purges, id, &purge{objectsAfter: now.Add(again)})
		return nil
	})
}

// bury makes the tenant's tombstone.
func (db *DB) bury(t domain.Tenant) {
	t.Status = domain.Gone
	set(&db.tombstones, t.ID, newRecord(t))
}

// recordEnd records an event of the end of a tenant.
func (db *DB) recordEnd(ctx context.Context, kind domain.EventKind, t domain.Tenant, by domain.Actor) error {
	event, err := domain.NewTenantEndEvent(ctx, kind, t, by)
	if err == nil {
		db.record(event)
	}
	return err
}

// Finish implements [ports.TenantPurger].
func (s *Purges) Finish(ctx context.Context, lease ports.PurgeLease) error {
	return s.holding(ctx, lease, func(*purge, time.Time) error {
		delete(s.db.purges, lease.Tenant)
		return nil
	})
}

// holding runs work if the caller holds the lease.
func (s *Purges) holding(ctx context.Context, lease ports.PurgeLease, work func(p *purge, now time.Time) error) error {
	if err := s.db.Ready(ctx); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	p := s.db.purges[lease.Tenant]
	if !p.heldBy(lease, now) {
		return ports.ErrPurgeLost
	}
	return work(p, now)
}

// Hold implements [ports.TenantTombstones].
func (s *Purges) Hold(ctx context.Context, lease ports.PurgeLease) error {
	if err := lease.Validate(); err != nil {
		return err
	}
	if err := s.db.Ready(ctx); err != nil {
		return err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	id := lease.Tenant
	if t := s.db.tenants[id]; t != nil {
		return ports.ErrNotGone(t.Status)
	}
	if s.db.reserved(id, now) != nil {
		return ports.ErrNotGone(domain.Unclaimed)
	}
	p := s.db.purges[id]
	switch {
	case p == nil:
		p = &purge{}
		set(&s.db.purges, id, p)
	case !p.objectsAfter.IsZero():
		return ports.ErrNotFreeYet()
	case now.Before(p.leasedUntil) && p.holder != "" && p.holder != lease.Holder:
		return ports.ErrPurgeLost
	}
	if s.db.tombstones[id] == nil {
		s.db.bury(domain.Tenant{ID: id, Name: id.String(), CreatedAt: now})
	}
	p.give(lease, now)
	return nil
}

// Free implements [ports.TenantTombstones].
func (s *Purges) Free(ctx context.Context, lease ports.PurgeLease, by domain.Actor) error {
	return s.holding(ctx, lease, func(*purge, time.Time) error {
		t := s.db.tombstones[lease.Tenant]
		if t == nil {
			return ports.ErrPurgeLost
		}
		if err := s.db.recordEnd(ctx, domain.EventTenantFreed, t.Tenant, by); err != nil {
			return err
		}
		delete(s.db.tombstones, lease.Tenant)
		delete(s.db.purges, lease.Tenant)
		return nil
	})
}
