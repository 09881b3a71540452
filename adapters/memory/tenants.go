package memory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Tenants is the registry of tenants: a [ports.TenantRegistry], a
// [ports.TenantProvisioner] and a [ports.TenantProber].
type Tenants struct{ db *DB }

var (
	_ ports.TenantRegistry    = (*Tenants)(nil)
	_ ports.TenantProvisioner = (*Tenants)(nil)
	_ ports.TenantProber      = (*Tenants)(nil)
)

// Tenants returns the registry of tenants.
func (db *DB) Tenants() *Tenants { return &Tenants{db} }

var (
	errTenantNotFound  = domain.NewError(domain.CodeTenantNotFound)
	errTenantUpgrading = domain.NewError(domain.CodeTenantUpgrading)
	errTenantExists    = domain.NewError(domain.CodeTenantExists)
)

// Create implements [ports.TenantProvisioner]. A duplicate waits for the first at the lock.
func (s *Tenants) Create(ctx context.Context, n ports.TenantCreation) (ports.CreatedTenant, error) {
	if err := s.db.Ready(ctx); err != nil {
		return ports.CreatedTenant{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	if first, replayed, err := replay[domain.Tenant](s.db, n.Idempotency, now); replayed || err != nil {
		return ports.CreatedTenant{Tenant: first, Replayed: replayed}, err
	}
	if err := s.db.allow(n.Limits, n.Owner, now); err != nil {
		return ports.CreatedTenant{}, err
	}
	if s.db.taken(n.ID, now) {
		return ports.CreatedTenant{}, errTenantExists
	}
	event, err := domain.NewTenantEvent(ctx, domain.EventTenantCreated, domain.Tenant{ID: n.ID, Name: n.Name}, n.Owner, n.OwnerEmail, n.By)
	if err != nil {
		return ports.CreatedTenant{}, err
	}
	s.db.record(event)
	s.db.count(n.Limits, new(int), now)
	s.db.unreserve(n.ID) // the remains of a reservation that has expired
	made := s.db.add(domain.Tenant{ID: n.ID, Name: n.Name, Status: domain.Active, CreatedAt: now}, n.Owner, n.OwnerEmail, now)
	s.db.keepAnswer(n.Idempotency, n.ID, made, now)
	return ports.CreatedTenant{Tenant: made}, nil
}

// taken reports whether a tenant has the ID, or had it, or a reservation has it.
func (db *DB) taken(id domain.TenantID, now time.Time) bool {
	return db.tenants[id] != nil || db.tombstones[id] != nil || db.reserved(id, now) != nil
}

func (db *DB) add(t domain.Tenant, owner domain.Identity, address domain.Email, now time.Time) domain.Tenant {
	set(&db.tenants, t.ID, newRecord(t))
	db.place(domain.Membership{Tenant: t.ID, Identity: owner, Role: domain.RoleOwner, State: domain.MemberActive, CreatedAt: now, Email: address})
	return t
}

func compareIDs(a, b domain.TenantID) int { return strings.Compare(a.String(), b.String()) }

// Probe implements [ports.TenantProber].
func (s *Tenants) Probe(ctx context.Context, id domain.TenantID) (time.Time, error) {
	if err := s.db.Ready(ctx); err != nil {
		return time.Time{}, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	t := s.db.tenants[id]
	switch {
	case t != nil && t.Status.ServesMembers() && s.db.upgrading[id]:
		return time.Time{}, errTenantUpgrading
	case t != nil && t.Status.ServesMembers(), s.db.reserved(id, now) != nil:
		return now, nil
	}
	return time.Time{}, errTenantNotFound
}

// List implements [ports.TenantRegistry].
func (s *Tenants) List(ctx context.Context, after domain.TenantID, limit int) ([]domain.Tenant, error) {
	if err := s.db.Ready(ctx); err != nil {
		return nil, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	var page []domain.Tenant
	for _, t := range s.db.tenants {
		page = append(page, t.Tenant)
	}
	for id := range s.db.reservations {
		if reserved := s.db.reserved(id, now); reserved != nil {
			page = append(page, reserved.Tenant)
		}
	}
	page = slices.DeleteFunc(page, func(t domain.Tenant) bool { return compareIDs(t.ID, after) <= 0 })
	slices.SortFunc(page, func(a, b domain.Tenant) int { return compareIDs(a.ID, b.ID) })
	return page[:min(max(limit, 0), len(page))], nil
}

// Sweep implements [ports.TenantProvisioner]. It also removes old idempotency keys, and
// tenants that no longer count.
func (s *Tenants) Sweep(ctx context.Context) (int, error) {
	if err := s.db.Ready(ctx); err != nil {
		return 0, err
	}
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	now := clock(s.db.Now)
	freed := 0
	for id := range s.db.reservations {
		if s.db.reserved(id, now) == nil {
			s.db.unreserve(id)
			freed++
		}
	}
	s.db.forgetAnswers(now)
	for by, m := range s.db.makings {
		if now.Sub(m.at) >= ports.UnconfirmedDay {
			delete(s.db.makings, by)
		}
	}
	return freed, nil
}
