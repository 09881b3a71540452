package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// List implements [ports.MemberLister].
func (m *Members) List(ctx context.Context, query ports.MemberQuery) ([]domain.Membership, error) {
	if err := m.db.Ready(ctx); err != nil {
		return nil, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	var page []domain.Membership
	for who, places := range m.db.places {
		member, isMember := places[query.Tenant]
		if isMember && compareIdentities(who, query.After) > 0 && query.Matches(member) {
			page = append(page, member)
		}
	}
	if len(page) == 0 && !m.db.listsMembers(query.Tenant) {
		return nil, errTenantNotFound
	}
	slices.SortFunc(page, func(a, b domain.Membership) int { return compareIdentities(a.Identity, b.Identity) })
	return page[:min(max(query.Limit, 0), len(page))], nil
}

// listsMembers reports whether a tenant has the ID whose memberships are listed.
func (db *DB) listsMembers(id domain.TenantID) bool {
	t := db.tenants[id]
	return t != nil && t.Status.ListsMembers()
}

func compareIdentities(a, b domain.Identity) int {
	return cmp.Or(cmp.Compare(a.Provider(), b.Provider()), cmp.Compare(a.Subject(), b.Subject()))
}

// Grant implements [ports.MemberChanger].
func (m *Members) Grant(ctx context.Context, grant ports.MemberGrant) (ports.GrantedMembership, error) {
	if err := m.db.Ready(ctx); err != nil {
		return ports.GrantedMembership{}, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	now := clock(m.db.Now)
	if err := m.db.checkOpen(grant.Tenant, domain.OperatorActor()); err != nil {
		return ports.GrantedMembership{}, err
	}
	if first, replayed, err := replay[domain.Membership](m.db, grant.Idempotency, now); replayed || err != nil {
		return ports.GrantedMembership{Membership: first, Replayed: replayed}, err
	}
	granted, err := m.db.grant(ctx, grant)
	if err != nil {
		return ports.GrantedMembership{}, err
	}
	m.db.keepAnswer(grant.Idempotency, grant.Tenant, granted, now)
	return ports.GrantedMembership{Membership: granted}, nil
}

// grant adds a member, or changes the membership of one.
func (db *DB) grant(ctx context.Context, grant ports.MemberGrant) (domain.Membership, error) {
	operator := domain.OperatorActor()
	if db.places[grant.Member][grant.Tenant].IsZero() {
		granted := grant.Change().Apply(domain.Membership{Tenant: grant.Tenant, Identity: grant.Member, CreatedAt: clock(db.Now), GrantedBy: operator})
		event, _, err := domain.NewMemberEvent(ctx, operator, domain.Membership{}, granted, "")
		if err != nil {
			return domain.Membership{}, err
		}
		db.record(event)
		db.place(granted)
		return granted, nil
	}
	return db.change(ctx, grant.Tenant, grant.Member, operator, "", grant.Change().Apply)
}

// Change implements [ports.MemberChanger].
func (m *Members) Change(ctx context.Context, change ports.MemberChange) (domain.Membership, error) {
	if err := m.db.Ready(ctx); err != nil {
		return domain.Membership{}, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	return m.db.change(ctx, change.Tenant, change.Member, change.By, "", change.Apply)
}

// Remove implements [ports.MemberChanger].
func (m *Members) Remove(ctx context.Context, removal ports.MemberRemoval) error {
	if err := m.db.Ready(ctx); err != nil {
		return err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	_, err := m.db.change(ctx, removal.Tenant, removal.Member, removal.By, removal.Reason, func(domain.Membership) domain.Membership { return domain.Membership{} })
	return err
}

// HandOver implements [ports.MemberChanger].
func (m *Members) HandOver(ctx context.Context, handover ports.Handover) (heir, own domain.Membership, err error) {
	if err := m.db.Ready(ctx); err != nil {
		return domain.Membership{}, domain.Membership{}, err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	now, id := clock(m.db.Now), handover.Tenant
	if err := m.db.checkOpen(id, domain.UserActor(handover.By)); err != nil {
		return domain.Membership{}, domain.Membership{}, err
	}
	oldHeir, oldOwn := m.db.places[handover.Heir][id], m.db.admitted(handover.By, id, now)
	heir, own, err = domain.HandOverTenant(oldOwn, oldHeir, handover.OwnRole, m.db.owners(id), now)
	if err != nil {
		return domain.Membership{}, domain.Membership{}, err
	}
	if !heir.Equal(oldHeir) || !own.Equal(oldOwn) {
		event, err := domain.NewHandoverEvent(ctx, oldHeir, oldOwn, own.Role)
		if err != nil {
			return domain.Membership{}, domain.Membership{}, err
		}
		m.db.record(event)
	}
	m.db.place(heir)
	m.db.place(own)
	return heir, own, nil
}

// SetEmail implements [ports.MemberEmails].
func (m *Members) SetEmail(ctx context.Context, who domain.Identity, email domain.Email) error {
	if err := m.db.Ready(ctx); err != nil {
		return err
	}
	m.db.mu.Lock()
	defer m.db.mu.Unlock()
	for _, membership := range m.db.places[who] {
		membership.Email = email
		m.db.place(membership)
	}
	return nil
}

// checkOpen refuses a change by the actor in a tenant that is closed to them.
func (db *DB) checkOpen(id domain.TenantID, actor domain.Actor) error {
	tenant := db.tenants[id]
	if tenant != nil && (tenant.Status.ServesMembers() || actor.IsOperator() && tenant.Status.AcceptsMembers()) {
		return nil
	}
	return errTenantNotFound
}

// change applies a change to the membership of who; a zero result ends it, for the
// reason.
func (db *DB) change(ctx context.Context, id domain.TenantID, who domain.Identity, actor domain.Actor, reason string, apply func(domain.Membership) domain.Membership) (domain.Membership, error) {
	if err := db.checkOpen(id, actor); err != nil {
		return domain.Membership{}, err
	}
	by, of := db.admitted(actor.Identity, id, clock(db.Now)), db.places[who][id]
	changed, err := domain.ChangeMembership(actor, by, of, apply(of), db.owners(id))
	if err != nil {
		return domain.Membership{}, err
	}
	event, changes, err := domain.NewMemberEvent(ctx, actor, of, changed, reason)
	if err != nil || !changes {
		return changed, err
	}
	db.record(event)
	if changed.IsZero() {
		delete(db.places[who], id)
	} else {
		db.place(changed)
	}
	return changed, nil
}

// owners returns how many memberships keep the ownership of the tenant.
func (db *DB) owners(id domain.TenantID) (n int) {
	for _, places := range db.places {
		if places[id].KeepsOwnership() {
			n++
		}
	}
	return n
}
