package postgres

import (
	"context"
	"database/sql"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Directory finds tenants. It implements [ports.TenantDirectory].
type Directory struct{ db *DB }

var _ ports.TenantDirectory = (*Directory)(nil)

// Directory returns the directory of all tenants.
func (db *DB) Directory() *Directory { return &Directory{db} }

// Search implements [ports.TenantDirectory] with one statement.
func (d *Directory) Search(ctx context.Context, query ports.TenantQuery, after domain.TenantID, limit int) ([]domain.TenantDetails, error) {
	logins, err := d.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "search tenants")
	}
	var page []domain.TenantDetails
	err = logins.System.Each(ctx, func(rows *sql.Rows) error {
		next, err := scanDetails(rows)
		page = append(page, next.TenantDetails)
		return err
	}, `
		(SELECT '{}', `+recordOfTenant+` FROM partywall.tenants t
			WHERE t.id > $1 AND `+present+` AND $3 IN ('', t.status) AND `+contains("t")+`
			AND ($6 = '' OR EXISTS (
				SELECT FROM partywall.memberships m WHERE m.tenant = t.id AND m.provider = $5 AND m.subject = $6 AND m.role = 'owner'
			))
			ORDER BY t.id LIMIT $2)
		UNION ALL
		(SELECT `+detailsOfReservation+` FROM partywall.reservations r
			WHERE r.id > $1 AND `+reserved+` AND $3 IN ('', 'unclaimed') AND `+contains("r")+` AND $6 = ''
			ORDER BY r.id LIMIT $2)
		UNION ALL
		(SELECT `+detailsOfTombstone+` FROM partywall.tombstones s
			WHERE s.id > $1 AND $3 = 'gone' AND `+contains("s")+` AND $6 = ''
			ORDER BY s.id LIMIT $2)
		ORDER BY id LIMIT $2`,
		after.String(), max(limit, 0), string(query.Status), query.Text, query.Owner.Provider(), query.Owner.Subject())
	return page, pg.Translate(ctx, err, "search tenants")
}

// contains is true of a row whose ID or name contains the text $4.
func contains(row string) string {
	return `(strpos(` + row + `.id, lower($4)) > 0 OR strpos(lower(` + row + `.name), lower($4)) > 0)`
}

// Visible implements [ports.TenantDirectory] with one statement.
func (d *Directory) Visible(ctx context.Context, identity domain.Identity, limit int) ([]ports.TenantMembership, error) {
	logins, err := d.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "list an identity's tenants")
	}
	var all []ports.TenantMembership
	err = logins.System.Each(ctx, func(rows *sql.Rows) error {
		next, err := scanTenantMembership(rows)
		all = append(all, next)
		return err
	}, `
		SELECT `+membershipColumns+`, `+tenantColumns+`
		FROM partywall.memberships m JOIN partywall.tenants t ON t.id = m.tenant
		WHERE m.provider = $1 AND m.subject = $2 AND `+admits+` AND (`+servesMembers+` OR m.role = 'owner' AND `+ownersSee+`)
		ORDER BY m.tenant LIMIT $3`, identity.Provider(), identity.Subject(), max(limit, 0))
	return all, pg.Translate(ctx, err, "list an identity's tenants")
}
