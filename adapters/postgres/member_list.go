package postgres

import (
	"context"
	"database/sql"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// listMembers is planned for the values of each call, so that a filter that is not
// given costs nothing. Letters are compared as [ports.MemberQuery.Matches] does.
const listMembers = `
	SELECT ` + membershipColumns + ` FROM partywall.memberships m
	WHERE m.tenant = $1 AND (m.provider, m.subject) > ($2, $3)
	AND ($4 = '' OR m.role = $4) AND ($5 = '' OR m.state = $5)
	AND ($6 = '' OR strpos(lower(m.email COLLATE "C"), lower($6 COLLATE "C")) > 0 OR strpos(lower(m.subject), lower($6 COLLATE "C")) > 0)
	ORDER BY m.provider, m.subject LIMIT $7`

// List implements [ports.MemberLister]. Only an empty page takes a second statement,
// which looks for the tenant.
func (m *Members) List(ctx context.Context, query ports.MemberQuery) ([]domain.Membership, error) {
	logins, err := m.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "list members")
	}
	var page []domain.Membership
	err = logins.SystemFor(query.Tenant).Each(ctx, func(rows *sql.Rows) error {
		member, err := scanMembership(rows)
		page = append(page, member)
		return err
	}, listMembers, query.Tenant.String(), query.After.Provider(), query.After.Subject(),
		string(query.Role), string(query.State), query.Text, max(query.Limit, 0))
	if err == nil && len(page) == 0 {
		err = mustHaveOwner(ctx, logins.SystemFor(query.Tenant), query.Tenant)
	}
	return page, pg.Translate(ctx, err, "list the members of "+query.Tenant.String())
}

// mustHaveOwner returns [domain.CodeTenantNotFound] for a tenant that is absent, has no
// owner yet, or is gone.
func mustHaveOwner(ctx context.Context, system *pg.Pool, id domain.TenantID) error {
	exists, err := pg.One(ctx, system, scanBool,
		`SELECT EXISTS (SELECT FROM partywall.tenants t WHERE t.id = $1 AND `+listsMembers+`)`, id.String())
	if err == nil && !exists {
		err = pg.ErrNoSuchTenant()
	}
	return err
}
