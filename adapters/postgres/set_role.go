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

// SetRole implements [ports.MemberStore].
func (m *Members) SetRole(ctx context.Context, change ports.RoleChange) error {
	if err := change.Validate(); err != nil {
		return err
	}
	logins, err := m.db.logins()
	if err != nil {
		return pg.Translate(ctx, err, "set a role")
	}
	err = logins.system.InScope(ctx, m.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return setRole(ctx, tx, change)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return pg.ErrNoSuchTenant()
	}
	return pg.Translate(ctx, err, "set a role in "+change.Tenant.String())
}

// setRole changes one membership. It locks the tenant first, and reads the roles in
// the next statement, so that it sees what the change before this one left.
// [sql.ErrNoRows] is a tenant that the actor has no access to.
func setRole(ctx context.Context, tx *sqlx.Tx, c ports.RoleChange) error {
	var tenant string
	if err := tx.GetContext(ctx, &tenant, `
		SELECT id FROM partywall.tenants t
		WHERE t.id = $1 AND (`+servesMembers+` OR $2 AND `+hasOwner+`) FOR NO KEY UPDATE`, c.Tenant.String(), c.By.Operator); err != nil {
		return err
	}
	if err := checkRoleChange(ctx, tx, c); err != nil {
		return err
	}
	if c.Role == "" {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM partywall.memberships WHERE tenant = $1 AND provider = $2 AND subject = $3`, tenant, c.Member.Provider(), c.Member.Subject())
		return err
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.memberships (tenant, provider, subject, role) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant, provider, subject) DO UPDATE SET role = excluded.role`, tenant, c.Member.Provider(), c.Member.Subject(), string(c.Role))
	return err
}

// checkRoleChange returns nil if the actor may make the change, and an owner remains.
func checkRoleChange(ctx context.Context, tx *sqlx.Tx, c ports.RoleChange) error {
	var held struct {
		Member, By domain.Role // empty: no membership
		Owners     int
	}
	if err := tx.GetContext(ctx, &held, `
		SELECT coalesce(max(role) FILTER (WHERE (provider, subject) = ($2, $3)), '') AS member,
			coalesce(max(role) FILTER (WHERE (provider, subject) = ($4, $5)), '') AS by,
			count(*) FILTER (WHERE role = 'owner') AS owners
		FROM partywall.memberships WHERE tenant = $1`,
		c.Tenant.String(), c.Member.Provider(), c.Member.Subject(), c.By.Identity.Provider(), c.By.Identity.Subject()); err != nil {
		return err
	}
	if !c.By.Operator {
		by := domain.Membership{Tenant: c.Tenant, Identity: c.By.Identity, Role: held.By}
		of := domain.Membership{Tenant: c.Tenant, Identity: c.Member, Role: held.Member}
		if err := domain.CheckRoleChange(by, of, c.Role); err != nil {
			return err
		}
	}
	if held.Member == domain.RoleOwner && c.Role != domain.RoleOwner && held.Owners == 1 {
		return domain.NewError(domain.CodeLastOwner)
	}
	return nil
}
