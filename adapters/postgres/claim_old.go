package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// A program of the release before reservations makes a tenant of status unclaimed,
// with a schema, and keeps the claim as an invitation without an address. Such
// tenants are claimed and swept here for as long as there may be one.

// isOldClaim reports whether the token is of such a claim, and unspent.
func (c *claiming) isOldClaim(ctx context.Context) (bool, error) {
	return pg.One(ctx, c.logins.System, scanBool, `
		SELECT EXISTS (
			SELECT FROM partywall.invitations i JOIN partywall.tenants t ON t.id = i.tenant
			WHERE i.hash = $1 AND $2 IN ('', i.tenant) AND i.redeemed_subject IS NULL AND i.expires_at > now() AND `+present+`
		)`, c.Token[:], c.Tenant.String())
}

// spendOldClaim makes the owner of the tenant, which exists already.
func (c *claiming) spendOldClaim(ctx context.Context, owner domain.Identity) (claimed ports.ClaimedTenant, err error) {
	err = c.logins.System.InScope(ctx, c.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if err := refuseOverQuota(ctx, tx, owner, c.Limits.MaxOwned); err != nil {
			return err
		}
		if claimed.Replayed, err = c.redeemOld(ctx, tx, owner); err != nil {
			return err
		}
		if c.Limits.Unconfirmed != nil && !claimed.Replayed {
			if err := countUnconfirmed(ctx, tx, c.Token[:], c.Limits.Unconfirmed); err != nil {
				return err
			}
		}
		claimed.TenantMembership, err = repeatIn(ctx, tx, c.Token[:], owner, c.Tenant)
		return err
	})
	return claimed, err
}

// redeemOld spends the claim, unless the owner spent it before. [sql.ErrNoRows] is a
// claim that this owner cannot spend. The tenant is locked first, as by its removal.
func (c *claiming) redeemOld(ctx context.Context, tx *sqlx.Tx, owner domain.Identity) (again bool, err error) {
	tenant, err := scanTenant(tx.QueryRowContext(ctx, `
		SELECT i.redeemed_subject IS NOT NULL, `+tenantColumns+`
		FROM partywall.invitations i JOIN partywall.tenants t ON t.id = i.tenant
		WHERE i.hash = $1 AND $2 IN ('', i.tenant) AND `+present+`
		AND (i.redeemed_subject IS NULL AND i.expires_at > now() OR i.redeemed_provider = $3 AND i.redeemed_subject = $4)
		FOR UPDATE OF t FOR UPDATE OF i`, c.Token[:], c.Tenant.String(), owner.Provider(), owner.Subject()), &again)
	if err != nil || again {
		return again, err
	}
	event, err := domain.NewTenantEvent(ctx, domain.EventTenantClaimed, tenant, owner, c.Email, c.By)
	if err != nil {
		return false, err
	}
	args := []any{c.Token[:], owner.Provider(), owner.Subject(), c.Email.String()}
	record, recorded := insertEvent(len(args)+1, "FROM spent", event)
	_, err = tx.ExecContext(ctx, `
		WITH spent AS (
			UPDATE partywall.invitations SET redeemed_provider = $2, redeemed_subject = $3 WHERE hash = $1
			RETURNING tenant, role
		), claimed AS (
			UPDATE partywall.tenants t SET status = 'active', expires_at = NULL FROM spent
			WHERE t.id = spent.tenant AND t.status = 'unclaimed'
		), recorded AS (
			`+record+`
		)
		INSERT INTO partywall.memberships (tenant, provider, subject, role, email)
		SELECT tenant, $2, $3, role, nullif($4, '') FROM spent ON CONFLICT DO NOTHING`, append(args, recorded...)...)
	return false, err
}
