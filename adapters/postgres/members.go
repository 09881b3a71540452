package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
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

// Members returns the memberships of all tenants.
func (db *DB) Members() *Members { return &Members{db: db} }

// MembersWithSettings returns the memberships of all tenants, with the settings of the
// tenants.
func (db *DB) MembersWithSettings() *Members { return &Members{db: db, settings: true} }

// The rules about a membership m, as [domain.Membership] has them. Each names what it
// accepts, so that a state that only a later program has neither admits nor keeps the
// ownership of a tenant.
const (
	admits         = `m.state = 'active' AND (m.expires_at IS NULL OR m.expires_at > now())`
	keepsOwnership = `m.role = 'owner' AND m.state = 'active' AND m.expires_at IS NULL`
)

const (
	admission = `t.status, m.role, t.gate, ` + limitColumns + `
		FROM partywall.memberships m JOIN partywall.tenants t ON t.id = m.tenant
		WHERE m.provider = $1 AND m.subject = $2 AND m.tenant = $3 AND ` + admits + ` AND ` + present

	findMember             = `SELECT ` + admission
	findMemberWithSettings = `SELECT t.settings, ` + admission
)

// Find implements [ports.MemberStore] with one statement, in one round trip.
func (m *Members) Find(ctx context.Context, who domain.Identity, id domain.TenantID) (ports.Admission, error) {
	logins, err := m.db.logins()
	if err != nil {
		return ports.Admission{}, pg.Translate(ctx, err, "find a member")
	}
	gate, query := 0, findMember
	if m.settings {
		query = findMemberWithSettings
	}
	found, err := pg.One(ctx, logins.SystemFor(id), func(row pg.Scanner) (ports.Admission, error) { return m.scanAdmission(row, &gate) },
		query, who.Provider(), who.Subject(), id.String())
	if errors.Is(err, sql.ErrNoRows) {
		return ports.Admission{}, pg.ErrNoSuchTenant()
	}
	if err != nil {
		return ports.Admission{}, pg.Translate(ctx, err, "find a member of "+id.String())
	}
	m.db.learnGate(logins, id, gate)
	return found, nil
}

func (m *Members) scanAdmission(row pg.Scanner, gate *int) (found ports.Admission, err error) {
	targets := []any{&found.Status, &found.Role, gate, &found.Limits.MaxRequests, &found.Limits.MaxConnections}
	if !m.settings {
		err = row.Scan(targets...)
		return found, err
	}
	var settings string
	err = row.Scan(append([]any{&settings}, targets...)...)
	found.Settings = domain.StoredSettings(settings)
	return found, err
}

// settingsColumn is the first column of a look-up that reads settings, and else nothing.
func (m *Members) settingsColumn() string {
	if m.settings {
		return `t.settings, `
	}
	return ""
}

// Memberships implements [ports.MemberStore].
func (m *Members) Memberships(ctx context.Context, who domain.Identity, limit int) ([]ports.TenantMembership, error) {
	logins, err := m.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "list memberships")
	}
	var all []ports.TenantMembership
	err = logins.SystemForUser(who).Each(ctx, func(rows *sql.Rows) error {
		next, err := m.scanMembership(rows)
		all = append(all, next)
		return err
	}, `
		SELECT `+m.settingsColumn()+limitColumns+`, `+membershipColumns+`, `+tenantColumns+`
		FROM partywall.memberships m JOIN partywall.tenants t ON t.id = m.tenant
		WHERE m.provider = $1 AND m.subject = $2 AND `+admits+` AND `+servesMembers+`
		ORDER BY m.tenant LIMIT $3`, who.Provider(), who.Subject(), max(limit, 0))
	return all, pg.Translate(ctx, err, "list memberships")
}

func (m *Members) scanMembership(row pg.Scanner) (found ports.TenantMembership, err error) {
	var settings string
	var limits domain.TenantLimits
	before := []any{&limits.MaxRequests, &limits.MaxConnections}
	if m.settings {
		before = append([]any{&settings}, before...)
	}
	if found, err = scanTenantMembershipAfter(row, before...); err != nil {
		return ports.TenantMembership{}, err
	}
	found.Limits = limits
	if m.settings {
		found.Settings = domain.StoredSettings(settings)
	}
	return found, nil
}

// SetEmail implements [ports.MemberEmails].
func (m *Members) SetEmail(ctx context.Context, who domain.Identity, email domain.Email) error {
	logins, err := m.db.logins()
	if err != nil {
		return pg.Translate(ctx, err, "set a member's address")
	}
	err = logins.SystemForUser(who).Use(ctx, func(db *sqlx.DB) error {
		_, err := db.ExecContext(ctx, `
			UPDATE partywall.memberships SET email = nullif($3, '')
			WHERE provider = $1 AND subject = $2 AND email IS DISTINCT FROM nullif($3, '')`, who.Provider(), who.Subject(), email.String())
		return err
	})
	return pg.Translate(ctx, err, "set a member's address")
}
