package postgres

import (
	"database/sql"
	"slices"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// membershipColumns are what a membershipRow is read from.
const membershipColumns = `m.tenant, m.provider, m.subject, m.role, m.state, m.created_at, m.expires_at, m.email, ` +
	`m.granted_kind, m.granted_provider, m.granted_subject, m.reason`

// membershipRow is a row of partywall.memberships.
type membershipRow struct {
	tenant, provider, subject, role, state, reason      string
	createdAt                                           time.Time
	expiresAt                                           sql.NullTime
	email, grantedKind, grantedProvider, grantedSubject sql.NullString
}

// targets are where the columns are scanned to.
func (r *membershipRow) targets() []any {
	return []any{
		&r.tenant, &r.provider, &r.subject, &r.role, &r.state, &r.createdAt, &r.expiresAt, &r.email,
		&r.grantedKind, &r.grantedProvider, &r.grantedSubject, &r.reason,
	}
}

func (r *membershipRow) membership() (m domain.Membership, err error) {
	m = domain.Membership{Role: domain.Role(r.role), State: domain.MemberState(r.state), CreatedAt: r.createdAt.UTC(), Reason: r.reason}
	m.GrantedBy.Kind = domain.ActorKind(r.grantedKind.String)
	if r.expiresAt.Valid {
		m.ExpiresAt = r.expiresAt.Time.UTC()
	}
	if m.Tenant, err = domain.ParseTenantID(r.tenant); err != nil {
		return domain.Membership{}, err
	}
	if m.Identity, err = domain.NewIdentity(r.provider, r.subject); err != nil {
		return domain.Membership{}, err
	}
	if r.email.Valid {
		m.Email, _ = domain.ParseEmail(r.email.String) // zero: an earlier release accepted the address
	}
	if r.grantedSubject.Valid {
		m.GrantedBy.Identity, err = domain.NewIdentity(r.grantedProvider.String, r.grantedSubject.String)
	}
	return m, err
}

// scanMembership reads membershipColumns.
func scanMembership(row pg.Scanner) (domain.Membership, error) {
	var r membershipRow
	if err := row.Scan(r.targets()...); err != nil {
		return domain.Membership{}, err
	}
	return r.membership()
}

// scanTenantMembership reads membershipColumns and then tenantColumns.
func scanTenantMembership(row pg.Scanner) (ports.TenantMembership, error) {
	return scanTenantMembershipAfter(row)
}

// scanTenantMembershipAfter is scanTenantMembership, after the columns before.
func scanTenantMembershipAfter(row pg.Scanner, before ...any) (found ports.TenantMembership, err error) {
	var r struct {
		membership membershipRow
		tenant     tenantRow
	}
	if err := row.Scan(slices.Concat(before, r.membership.targets(), r.tenant.targets())...); err != nil {
		return ports.TenantMembership{}, err
	}
	if found.Tenant, err = r.tenant.tenant(); err != nil {
		return ports.TenantMembership{}, err
	}
	found.Membership, err = r.membership.membership()
	return found, err
}

func insertMembership(m domain.Membership) statement {
	return statement{`
		INSERT INTO partywall.memberships (tenant, provider, subject, created_at, ` + changingColumns + `)
		VALUES ($1, $2, $3, $4, ` + changingValues + `)`, append([]any{m.Tenant.String(), m.Identity.Provider(), m.Identity.Subject(), m.CreatedAt}, changing(m)...)}
}

func updateMembership(m domain.Membership) statement {
	return statement{`
		UPDATE partywall.memberships SET (` + changingColumns + `) = (` + changingValues + `)
		WHERE tenant = $1 AND provider = $2 AND subject = $3 AND created_at = $4`, append([]any{m.Tenant.String(), m.Identity.Provider(), m.Identity.Subject(), m.CreatedAt}, changing(m)...)}
}

func deleteMembership(m domain.Membership) statement {
	return statement{`
		DELETE FROM partywall.memberships WHERE tenant = $1 AND provider = $2 AND subject = $3`, []any{m.Tenant.String(), m.Identity.Provider(), m.Identity.Subject()}}
}

// changingColumns of a membership are what may change during its life.
const (
	changingColumns = `role, state, expires_at, email, granted_kind, granted_provider, granted_subject, reason`
	changingValues  = `$5, $6, $7, nullif($8, ''), nullif($9, ''), nullif($10, ''), nullif($11, ''), $12`
)

func changing(m domain.Membership) []any {
	by := m.GrantedBy
	return []any{
		string(m.Role), string(m.State), nullTime(m.ExpiresAt), m.Email.String(),
		string(by.Kind), by.Identity.Provider(), by.Identity.Subject(), m.Reason,
	}
}
