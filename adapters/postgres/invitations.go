package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Invitations keeps claims. It implements [ports.InvitationStore].
type Invitations struct{ db *DB }

var _ ports.InvitationStore = (*Invitations)(nil)

// Invitations returns the claims of all tenants.
func (db *DB) Invitations() *Invitations { return &Invitations{db} }

// Peek implements [ports.InvitationStore].
func (i *Invitations) Peek(ctx context.Context, token domain.TokenHash) (domain.Invitation, error) {
	logins, err := i.db.logins()
	if err != nil {
		return domain.Invitation{}, translate(ctx, err, "peek at a claim")
	}
	invitation, err := one(ctx, logins.system, scanInvitation, `
		SELECT i.tenant, i.role, i.email, i.expires_at
		FROM partywall.invitations i JOIN partywall.tenants t ON t.id = i.tenant
		WHERE i.hash = $1 AND i.redeemed_subject IS NULL AND i.expires_at > now() AND `+present,
		token[:])
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Invitation{}, errClaimInvalid()
	}
	return invitation, translate(ctx, err, "peek at a claim")
}

func scanInvitation(row scanner) (i domain.Invitation, err error) {
	var id, role string
	var email sql.NullString
	if err := row.Scan(&id, &role, &email, &i.ExpiresAt); err != nil {
		return domain.Invitation{}, err
	}
	i.Role, i.ExpiresAt = domain.Role(role), i.ExpiresAt.UTC()
	if i.Tenant, err = domain.ParseTenantID(id); err == nil && email.Valid {
		i.Email, err = domain.ParseEmail(email.String)
	}
	return i, err
}

// Redeem implements [ports.InvitationStore].
func (i *Invitations) Redeem(ctx context.Context, token domain.TokenHash, tenant domain.TenantID, who domain.Identity) (ports.TenantMembership, error) {
	if err := someone(who); err != nil {
		return ports.TenantMembership{}, err
	}
	logins, err := i.db.logins()
	if err != nil {
		return ports.TenantMembership{}, translate(ctx, err, "redeem a claim")
	}
	var redeemed ports.TenantMembership
	err = logins.system.inScope(ctx, i.db.cfg.ownScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if err := spend(ctx, tx, token, tenant, who); err != nil {
			return err
		}
		redeemed, err = scanMembership(tx.QueryRowContext(ctx, `
			SELECT m.role, m.created_at, t.id, t.name, t.status, t.created_at, t.expires_at
			FROM partywall.invitations i JOIN partywall.tenants t ON t.id = i.tenant JOIN partywall.memberships m ON m.tenant = i.tenant
			WHERE i.hash = $1 AND m.provider = $2 AND m.subject = $3`, token[:], who.Provider(), who.Subject()), who)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return ports.TenantMembership{}, errClaimInvalid()
	}
	return redeemed, translate(ctx, err, "redeem a claim")
}

// spend makes who a member of the token's tenant, unless they spent it before.
// [sql.ErrNoRows] is a token that gives them nothing. The tenant is locked
// first, as by whoever removes it.
func spend(ctx context.Context, tx *sqlx.Tx, token domain.TokenHash, tenant domain.TenantID, who domain.Identity) error {
	var spentByWho bool
	err := tx.GetContext(ctx, &spentByWho, `
		SELECT i.redeemed_subject IS NOT NULL
		FROM partywall.invitations i JOIN partywall.tenants t ON t.id = i.tenant
		WHERE i.hash = $1 AND $2 IN ('', i.tenant) AND `+present+`
		AND (i.redeemed_subject IS NULL AND i.expires_at > now() OR i.redeemed_provider = $3 AND i.redeemed_subject = $4)
		FOR UPDATE OF t FOR UPDATE OF i`, token[:], tenant.String(), who.Provider(), who.Subject())
	if err != nil || spentByWho {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		WITH spent AS (
			UPDATE partywall.invitations SET redeemed_provider = $2, redeemed_subject = $3 WHERE hash = $1
			RETURNING tenant, role
		), claimed AS (
			UPDATE partywall.tenants t SET status = 'active', expires_at = NULL FROM spent
			WHERE t.id = spent.tenant AND t.status = 'unclaimed'
		)
		INSERT INTO partywall.memberships (tenant, provider, subject, role)
		SELECT tenant, $2, $3, role FROM spent ON CONFLICT DO NOTHING`, token[:], who.Provider(), who.Subject())
	return err
}

func errClaimInvalid() *domain.Error {
	return &domain.Error{Kind: domain.Invalid, Code: domain.CodeClaimInvalid, Message: "the token is unknown, spent or expired"}
}
