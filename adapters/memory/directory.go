package memory

import (
	"context"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Directory finds tenants. It implements [ports.TenantDirectory].
type Directory struct{ db *DB }

var _ ports.TenantDirectory = (*Directory)(nil)

// Directory returns the directory of tenants.
func (db *DB) Directory() *Directory { return &Directory{db} }

// Search implements [ports.TenantDirectory].
func (d *Directory) Search(ctx context.Context, query ports.TenantQuery, after domain.TenantID, limit int) ([]domain.TenantDetails, error) {
	if err := d.db.Ready(ctx); err != nil {
		return nil, err
	}
	d.db.mu.Lock()
	defer d.db.mu.Unlock()
	now := clock(d.db.Now)
	var page []domain.TenantDetails
	add := func(t domain.TenantDetails) {
		if compareIDs(t.ID, after) > 0 && d.db.matches(query, t.Tenant) {
			t.Settings = domain.Settings{}
			page = append(page, t)
		}
	}
	for _, t := range d.db.tenants {
		add(t.TenantDetails)
	}
	if query.Status == domain.Gone {
		for _, t := range d.db.tombstones {
			add(t.TenantDetails)
		}
	}
	for id := range d.db.reservations {
		if reserved := d.db.reserved(id, now); reserved != nil {
			add(newRecord(reserved.Tenant).TenantDetails)
		}
	}
	slices.SortFunc(page, func(a, b domain.TenantDetails) int { return compareIDs(a.ID, b.ID) })
	return page[:min(max(limit, 0), len(page))], nil
}

func (db *DB) matches(query ports.TenantQuery, t domain.Tenant) bool {
	text := strings.ToLower(query.Text)
	switch {
	case query.Status != "" && query.Status != t.Status:
		return false
	case !query.Owner.IsZero() && db.places[query.Owner][t.ID].Role != domain.RoleOwner:
		return false
	}
	return strings.Contains(t.ID.String(), text) || strings.Contains(strings.ToLower(t.Name), text)
}

// Visible implements [ports.TenantDirectory].
func (d *Directory) Visible(ctx context.Context, identity domain.Identity, limit int) ([]ports.TenantMembership, error) {
	if err := d.db.Ready(ctx); err != nil {
		return nil, err
	}
	d.db.mu.Lock()
	defer d.db.mu.Unlock()
	now := clock(d.db.Now)
	var found []ports.TenantMembership
	for id, membership := range d.db.places[identity] {
		if t := d.db.tenants[id]; membership.Admits(now) && (t.Status.ServesMembers() || d.db.isSteward(identity, t.Tenant, now)) {
			found = append(found, ports.TenantMembership{Tenant: t.Tenant, Membership: membership})
		}
	}
	slices.SortFunc(found, func(a, b ports.TenantMembership) int { return compareIDs(a.Tenant.ID, b.Tenant.ID) })
	return found[:min(max(limit, 0), len(found))], nil
}
