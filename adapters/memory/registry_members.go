package memory

import (
	"context"
	"slices"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Find implements [ports.MemberStore].
func (r *Registry) Find(ctx context.Context, who domain.Identity, id domain.TenantID) (domain.Tenant, domain.Membership, error) {
	if err := checkPlace(who, id); err != nil {
		return domain.Tenant{}, domain.Membership{}, err
	}
	if err := r.Ready(ctx); err != nil {
		return domain.Tenant{}, domain.Membership{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	membership, isMember := r.places[who][id]
	if !isMember {
		return domain.Tenant{}, domain.Membership{}, errTenantNotFound
	}
	return *r.tenants[id], membership, nil
}

// Memberships implements [ports.MemberStore].
func (r *Registry) Memberships(ctx context.Context, who domain.Identity, limit int) ([]ports.TenantMembership, error) {
	if who.IsZero() {
		return nil, errNoIdentity
	}
	if err := r.Ready(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []ports.TenantMembership
	for id, membership := range r.places[who] {
		if t := r.tenants[id]; t.Status.ServesMembers() {
			found = append(found, ports.TenantMembership{Tenant: *t, Membership: membership})
		}
	}
	slices.SortFunc(found, func(a, b ports.TenantMembership) int { return compareIDs(a.Tenant.ID, b.Tenant.ID) })
	return found[:min(max(limit, 0), len(found))], nil
}

// SetRole implements [ports.MemberStore].
func (r *Registry) SetRole(ctx context.Context, change ports.RoleChange) error {
	if err := change.Validate(); err != nil {
		return err
	}
	if err := r.Ready(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := clock(r.Now)
	id := change.Tenant
	membership, isMember := r.places[change.Member][id]
	if err := r.checkChange(change, membership); err != nil {
		return err
	}
	if membership.Role == domain.RoleOwner && change.Role != domain.RoleOwner && r.owners(id) == 1 {
		return errLastOwner
	}
	if change.Role == "" {
		delete(r.places[change.Member], id)
		return nil
	}
	if !isMember {
		membership = domain.Membership{Tenant: id, Identity: change.Member, CreatedAt: now}
	}
	membership.Role = change.Role
	r.place(membership)
	return nil
}

func (r *Registry) checkChange(change ports.RoleChange, of domain.Membership) error {
	tenant := r.tenants[change.Tenant]
	switch {
	case tenant == nil:
		return errTenantNotFound
	case change.By.Operator:
		return nil
	case !tenant.Status.ServesMembers():
		return errTenantNotFound
	}
	return domain.CheckRoleChange(r.places[change.By.Identity][change.Tenant], of, change.Role)
}

func (r *Registry) owners(id domain.TenantID) (n int) {
	for _, places := range r.places {
		if places[id].Role == domain.RoleOwner {
			n++
		}
	}
	return n
}

// SetStatus makes a tenant that has an owner [domain.Active] or [domain.Suspended].
func (r *Registry) SetStatus(id domain.TenantID, status domain.TenantStatus) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tenants[id]
	if t == nil {
		return errTenantNotFound
	}
	if !status.HasOwner() {
		return domain.Invalidf("status", "a tenant that has an owner is active or suspended")
	}
	t.Status = status
	return nil
}

// SetUpgrading has a tenant answer as one does whose schema is older than the
// program: [domain.CodeTenantUpgrading] where a request reaches into its data. Its
// members are admitted all the same. Without upgrading it answers as ever.
func (r *Registry) SetUpgrading(id domain.TenantID, upgrading bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tenants[id] == nil {
		return errTenantNotFound
	}
	set(&r.upgrading, id, upgrading)
	return nil
}

func (r *Registry) place(m domain.Membership) {
	if r.places[m.Identity] == nil {
		set(&r.places, m.Identity, map[domain.TenantID]domain.Membership{})
	}
	r.places[m.Identity][m.Tenant] = m
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
// whatever its status. The nil Registry has no members.
func (r *Registry) hasMember(subject string) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for identity, tenants := range r.places {
		if identity.Subject() == subject && len(tenants) > 0 {
			return true
		}
	}
	return false
}
