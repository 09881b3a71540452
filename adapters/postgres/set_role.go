package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// SetRole implements [ports.MemberStore].
func (m *Members) SetRole(ctx context.Context, id domain.TenantID, who domain.Identity, role domain.Role) error {
	if err := someone(who); err != nil {
		return err
	}
	if id.IsZero() {
		return domain.Invalidf("tenantId", "name a tenant")
	}
	if _, err := domain.ParseRole(string(role)); err != nil && role != "" {
		return err
	}
	logins, err := m.db.logins()
	if err != nil {
		return translate(ctx, err, "set a role")
	}
	err = logins.system.inScope(ctx, m.db.cfg.ownScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return setRole(ctx, tx, id, who, role)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return errNoSuchTenant()
	}
	return translate(ctx, err, "set a role in "+id.String())
}

// setRole changes one membership. The tenant is locked first: of owners who leave
// at once, one counts the others after they left. [sql.ErrNoRows] is a tenant that
// isn't there.
func setRole(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, who domain.Identity, role domain.Role) error {
	var tenant string
	if err := tx.GetContext(ctx, &tenant, `
		SELECT id FROM partywall.tenants t WHERE id = $1 AND status <> 'unclaimed' AND `+present+` FOR NO KEY UPDATE`, id.String()); err != nil {
		return err
	}
	if role != domain.RoleOwner {
		var last bool
		if err := tx.GetContext(ctx, &last, `
			SELECT count(*) = 1 AND bool_and(provider = $2 AND subject = $3)
			FROM partywall.memberships WHERE tenant = $1 AND role = 'owner'`, tenant, who.Provider(), who.Subject()); err != nil {
			return err
		}
		if last {
			return domain.NewError(domain.CodeLastOwner)
		}
	}
	if role == "" {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM partywall.memberships WHERE tenant = $1 AND provider = $2 AND subject = $3`, tenant, who.Provider(), who.Subject())
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.memberships (tenant, provider, subject, role) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant, provider, subject) DO UPDATE SET role = excluded.role`, tenant, who.Provider(), who.Subject(), string(role))
	return err
}
