package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Members tells who belongs to which tenant. It implements [ports.MemberStore].
type Members struct{ db *DB }

var _ ports.MemberStore = (*Members)(nil)

// Members returns the memberships of all tenants.
func (db *DB) Members() *Members { return &Members{db} }

// Find implements [ports.MemberStore] with one statement, in one round trip.
func (m *Members) Find(ctx context.Context, who domain.Identity, id domain.TenantID) (domain.Tenant, domain.Membership, error) {
	if err := someone(who); err != nil {
		return domain.Tenant{}, domain.Membership{}, err
	}
	if id.IsZero() {
		return domain.Tenant{}, domain.Membership{}, domain.Invalidf("tenantId", "name a tenant")
	}
	logins, err := m.db.logins()
	if err != nil {
		return domain.Tenant{}, domain.Membership{}, pg.Translate(ctx, err, "find a member")
	}
	found, err := pg.One(ctx, logins.system, func(row pg.Scanner) (ports.TenantMembership, error) { return scanMembership(row, who) }, `
		SELECT m.role, m.created_at, t.id, t.name, t.status, t.created_at, t.expires_at
		FROM partywall.memberships m JOIN partywall.tenants t ON t.id = m.tenant
		WHERE m.provider = $1 AND m.subject = $2 AND m.tenant = $3 AND `+present,
		who.Provider(), who.Subject(), id.String())
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Tenant{}, domain.Membership{}, pg.ErrNoSuchTenant()
	}
	return found.Tenant, found.Membership, pg.Translate(ctx, err, "find a member of "+id.String())
}

// Memberships implements [ports.MemberStore].
func (m *Members) Memberships(ctx context.Context, who domain.Identity, limit int) ([]ports.TenantMembership, error) {
	if err := someone(who); err != nil {
		return nil, err
	}
	logins, err := m.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "list memberships")
	}
	var all []ports.TenantMembership
	err = logins.system.Each(ctx, func(rows *sql.Rows) error {
		next, err := scanMembership(rows, who)
		all = append(all, next)
		return err
	}, `
		SELECT m.role, m.created_at, t.id, t.name, t.status, t.created_at, t.expires_at
		FROM partywall.memberships m JOIN partywall.tenants t ON t.id = m.tenant
		WHERE m.provider = $1 AND m.subject = $2 AND `+servesMembers+`
		ORDER BY m.tenant LIMIT $3`, who.Provider(), who.Subject(), max(limit, 0))
	return all, pg.Translate(ctx, err, "list memberships")
}

// scanMembership reads who's role and since when, and then what scanTenant does.
func scanMembership(row pg.Scanner, who domain.Identity) (ports.TenantMembership, error) {
	var role string
	m := domain.Membership{Identity: who}
	tenant, err := scanTenant(row, &role, &m.CreatedAt)
	m.Tenant, m.Role, m.CreatedAt = tenant.ID, domain.Role(role), m.CreatedAt.UTC()
	return ports.TenantMembership{Tenant: tenant, Membership: m}, err
}

// someone refuses the zero Identity.
func someone(who domain.Identity) error {
	if who.IsZero() {
		return domain.Invalidf("sub", "an identity is required")
	}
	return nil
}
