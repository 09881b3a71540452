package memory

import (
	"context"
	"slices"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Members has the memberships of all tenants. It implements [ports.MemberStore],
// [ports.MemberLister], [ports.MemberChanger] and [ports.MemberEmails].
type Members struct {
	db       *DB
	settings bool // read the tenants' settings, too
}

var (
	_ ports.MemberStore   = (*Members)(nil)
	_ ports.MemberLister  = (*Members)(nil)
	_ ports.MemberChanger = (*Members)(nil)
	_ ports.MemberEmails  = (*Members)(nil)
)

// Members returns the memberships.
func (db *DB) Members() *Members { return &Members{db: db} }

// MembersWithSettings returns the memberships, with the settings of their tenants.
func (db *DB) MembersWithSettings() *Members { return &Members{db: db, settings: true} }

// Find implements [ports.MemberStore].
func (m *Members) Find(ctx context.Context, who domain.Identity, id domain.TenantID) (ports.Admission, error) {
	if err := m.db.Ready(ctx); err != nil {
		return ports.Admission{}, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	membership := m.db.admitted(who, id, clock(m.db.Now))
	if membership.IsZero() {
		return ports.Admission{}, errTenantNotFound
	}
	tenant := m.db.tenants[id]
	return ports.Admission{Status: tenant.Status, Role: membership.Role, Limits: tenant.Limits, Settings: m.settingsOf(tenant)}, nil
}

// Memberships implements [ports.MemberStore].
func (m *Members) Memberships(ctx context.Context, who domain.Identity, limit int) ([]ports.TenantMembership, error) {
	if err := m.db.Ready(ctx); err != nil {
		return nil, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	now := clock(m.db.Now)
	var found []ports.TenantMembership
	for id, membership := range m.db.places[who] {
		if t := m.db.tenants[id]; t.Status.ServesMembers() && membership.Admits(now) {
			found = append(found, ports.TenantMembership{Tenant: t.Tenant, Membership: membership, Limits: t.Limits, Settings: m.settingsOf(t)})
		}
	}
	slices.SortFunc(found, func(a, b ports.TenantMembership) int { return compareIDs(a.Tenant.ID, b.Tenant.ID) })
	return found[:min(max(limit, 0), len(found))], nil
}

// settingsOf returns the tenant's settings if m reads them.
func (m *Members) settingsOf(tenant *record) domain.Settings {
	if !m.settings {
		return domain.Settings{}
	}
	return tenant.Settings
}

// admitted returns the identity's membership in the tenant if it admits at the time,
// and the zero Membership otherwise.
func (db *DB) admitted(who domain.Identity, id domain.TenantID, at time.Time) domain.Membership {
	if m := db.places[who][id]; m.Admits(at) {
		return m
	}
	return domain.Membership{}
}

func (db *DB) place(m domain.Membership) {
	if db.places[m.Identity] == nil {
		set(&db.places, m.Identity, map[domain.TenantID]domain.Membership{})
	}
	db.places[m.Identity][m.Tenant] = m
}

// hasMember reports whether an identity with that subject is a member of a tenant,
// whatever its status. The database is locked.
func (db *DB) hasMember(subject string) bool {
	for identity, tenants := range db.places {
		if identity.Subject() == subject && len(tenants) > 0 {
			return true
		}
	}
	return false
}
