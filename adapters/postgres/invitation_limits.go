package postgres

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// roomToInvite returns an error if one more open invitation, or one more mail to the
// address, would exceed the limits, and counts the mail. The zero Email is an invitation
// by link. The transaction has locked the tenant.
func roomToInvite(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, email domain.Email) error {
	var open int
	err := tx.GetContext(ctx, &open, `SELECT count(*) FROM partywall.tenant_invitations i WHERE i.tenant = $1 AND `+isOpen, id.String())
	switch {
	case err != nil:
		return err
	case open >= ports.MaxOpenInvitations:
		return domain.NewError(domain.CodeInvitationQuota)
	case email.IsZero():
		return nil
	}
	return countMail(ctx, tx, id, email)
}

func countMail(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, email domain.Email) error {
	if err := lockOfAddress(email).take(ctx, tx); err != nil {
		return err
	}
	const since = `SELECT count(*), min(sent_at), now() FROM partywall.invitation_mails WHERE sent_at > now() - $1 * interval '1 microsecond'`
	ofTenant, err := countSince(ctx, tx, since+` AND tenant = $2`, ports.TenantMailsPer, id.String())
	switch {
	case err != nil:
		return err
	case ofTenant.count >= ports.MaxTenantMails:
		return ports.ErrTooManyMails(ofTenant.wait)
	}
	address := domain.NewSecret(email.Key()).Hash()
	toAddress, err := countSince(ctx, tx, since+` AND address = $2`, ports.AddressMailsPer, address[:])
	switch {
	case err != nil:
		return err
	case toAddress.count >= ports.MaxAddressMails:
		return ports.ErrTooManyMails(toAddress.wait)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO partywall.invitation_mails (tenant, address) VALUES ($1, $2)`, id.String(), address[:])
	return err
}
