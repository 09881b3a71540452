package memory

import (
	"context"
	"slices"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Members has the memberships of all tenants. It implements [ports.MemberStore].
type Members struct{ db *DB }

var _ ports.MemberStore = (*Members)(nil)

// Members returns the memberships.
func (db *DB) Members() *Members { return &Members{db} }

// Find implements [ports.MemberStore].
func (m *Members) Find(ctx context.Context, who domain.Identity, id domain.TenantID) (domain.Tenant, domain.Membership, error) {
	if err := checkPlace(who, id); err != nil {
		return domain.Tenant{}, domain.Membership{}, err
	}
	if err := m.db.Ready(ctx); err != nil {
		return domain.Tenant{}, domain.Membership{}, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	membership, isMember := m.db.places[who][id]
	if !isMember {
		return domain.Tenant{}, domain.Membership{}, errTenantNotFound
	}
	return *m.db.tenants[id], membership, nil
}

// Memberships implements [ports.MemberStore].
func (m *Members) Memberships(ctx context.Context, who domain.Identity, limit int) ([]ports.TenantMembership, error) {
	if who.IsZero() {
		return nil, errNoIdentity
	}
	if err := m.db.Ready(ctx); err != nil {
		return nil, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	var found []ports.TenantMembership
	for id, membership := range m.db.places[who] {
		if t := m.db.tenants[id]; t.Status.ServesMembers() {
			found = append(found, ports.TenantMembership{Tenant: *t, Membership: membership})
		}
	}
	slices.SortFunc(found, func(a, b ports.TenantMembership) int { return compareIDs(a.Tenant.ID, b.Tenant.ID) })
	return found[:min(max(limit, 0), len(found))], nil
}

// SetRole implements [ports.MemberStore].
func (m *Members) SetRole(ctx context.Context, change ports.RoleChange) error {
	if err := change.Validate(); err != nil {
		return err
	}
	if err := m.db.Ready(ctx); err != nil {
		return err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	now := clock(m.db.Now)
	id := change.Tenant
	membership, isMember := m.db.places[change.Member][id]
	if err := m.db.checkChange(change, membership); err != nil {
		return err
	}
	if membership.Role == domain.RoleOwner && change.Role != domain.RoleOwner && m.db.owners(id) == 1 {
		return errLastOwner
	}
	if change.Role == "" {
		delete(m.db.places[change.Member], id)
		return nil
	}
	if !isMember {
		membership = domain.Membership{Tenant: id, Identity: change.Member, CreatedAt: now}
	}
	membership.Role = change.Role
	m.db.place(membership)
	return nil
}

func (db *DB) checkChange(change ports.RoleChange, of domain.Membership) error {
	tenant := db.tenants[change.Tenant]
	switch {
	case tenant == nil:
		return errTenantNotFound
	case change.By.Operator:
		return nil
	case !tenant.Status.ServesMembers():
		return errTenantNotFound
	}
	return domain.CheckRoleChange(db.places[change.By.Identity][change.Tenant], of, change.Role)
}

func (db *DB) owners(id domain.TenantID) (n int) {
	for _, places := range db.places {
		if places[id].Role == domain.RoleOwner {
			n++
		}
	}
	return n
}

func (db *DB) place(m domain.Membership) {
	if db.places[m.Identity] == nil {
		set(&db.places, m.Identity, map[domain.TenantID]domain.Membership{})
	}
	db.places[m.Identity][m.Tenant] = m
}

func checkPlace(who domain.Identity, id domain.TenantID) error {
	switch {
	case who.IsZero():
		return errNoIdentity
	case id.IsZero():
		return errNoTenant
	}
	return nil
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
