package memory

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// record is a tenant's record.
type record struct {
	domain.TenantDetails
	changes  int64  // how often it was changed
	imported string // the token of the import that made it; empty: none did
}

func newRecord(t domain.Tenant) *record {
	return &record{TenantDetails: domain.TenantDetails{Tenant: t, Revision: domain.NewRevision(t.CreatedAt, 0)}}
}

// Lifecycle reads and changes the records of tenants. It implements
// [ports.TenantLifecycle].
type Lifecycle struct{ db *DB }

var _ ports.TenantLifecycle = (*Lifecycle)(nil)

// Lifecycle returns the records of tenants.
func (db *DB) Lifecycle() *Lifecycle { return &Lifecycle{db} }

// known returns the record of a tenant, also of one that is gone, or nil.
func (db *DB) known(id domain.TenantID) *record {
	if t := db.tenants[id]; t != nil {
		return t
	}
	return db.tombstones[id]
}

// Details implements [ports.TenantLifecycle].
func (l *Lifecycle) Details(ctx context.Context, id domain.TenantID) (domain.TenantDetails, error) {
	if err := l.db.Ready(ctx); err != nil {
		return domain.TenantDetails{}, err
	}
	l.db.mu.Lock()
	defer l.db.mu.Unlock()
	if t := l.db.known(id); t != nil {
		return t.TenantDetails, nil
	}
	if reserved := l.db.reserved(id, clock(l.db.Now)); reserved != nil {
		return newRecord(reserved.Tenant).TenantDetails, nil
	}
	return domain.TenantDetails{}, errTenantNotFound
}

// Change implements [ports.TenantLifecycle].
func (l *Lifecycle) Change(ctx context.Context, change ports.TenantChange) (domain.TenantDetails, error) {
	if err := l.db.Ready(ctx); err != nil {
		return domain.TenantDetails{}, err
	}
	l.db.mu.Lock()
	defer l.db.mu.Unlock()
	now := clock(l.db.Now)
	t := l.db.known(change.Tenant)
	if t == nil || change.By.Party() == domain.ByOwner && !l.db.isSteward(change.By.Identity, t.Tenant, now) {
		return domain.TenantDetails{}, errTenantNotFound
	}
	if err := l.db.changeRecord(ctx, t, change.TenantChange, change.By, now); err != nil {
		return domain.TenantDetails{}, err
	}
	return t.TenantDetails, nil
}

// changeRecord applies the change to a tenant's record, and records its event.
func (db *DB) changeRecord(ctx context.Context, t *record, change domain.TenantChange, by domain.Actor, now time.Time) error {
	next, changed, err := change.Apply(t.TenantDetails, by.Party(), now)
	if err != nil || !changed {
		return err
	}
	event, err := domain.NewTenantChangeEvent(ctx, by, change, t.TenantDetails, next)
	if err != nil {
		return err
	}
	db.record(event)
	t.changes++
	next.Revision = domain.NewRevision(next.CreatedAt, t.changes)
	t.TenantDetails = next
	return nil
}

// isSteward reports whether the identity owns the tenant, and owners see it.
func (db *DB) isSteward(identity domain.Identity, t domain.Tenant, now time.Time) bool {
	return t.Status.VisibleToOwners() && db.admitted(identity, t.ID, now).Role == domain.RoleOwner
}
