package memory

import (
	"slices"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// invitationMail is a mail that was counted.
type invitationMail struct {
	tenant  domain.TenantID
	address string // [domain.Email.Key]
	at      time.Time
}

// roomToInvite returns an error if one more open invitation, or one more mail, would
// exceed the limits. before is what the invitation replaces; nil: nothing.
func (db *DB) roomToInvite(i, before *invitation, now time.Time) error {
	open := 0
	for _, other := range db.invitations {
		if other.Tenant == i.Tenant && other != before && other.at(now).State == domain.InvitationOpen {
			open++
		}
	}
	if open >= ports.MaxOpenInvitations {
		return domain.NewError(domain.CodeInvitationQuota)
	}
	if !i.ByMail() {
		return nil
	}
	ofTenant := func(m invitationMail) bool { return m.tenant == i.Tenant }
	if err := db.roomToMail(ofTenant, ports.MaxTenantMails, ports.TenantMailsPer, now); err != nil {
		return err
	}
	toAddress := func(m invitationMail) bool { return m.address == i.Email.Key() }
	return db.roomToMail(toAddress, ports.MaxAddressMails, ports.AddressMailsPer, now)
}

func (db *DB) roomToMail(counts func(invitationMail) bool, limit int, per time.Duration, now time.Time) error {
	n, oldest := 0, now
	for _, m := range db.mails {
		if counts(m) && now.Sub(m.at) < per {
			if n++; m.at.Before(oldest) {
				oldest = m.at
			}
		}
	}
	if n < limit {
		return nil
	}
	return ports.ErrTooManyMails(oldest.Add(per).Sub(now))
}

// countMail counts the mail of an invitation by mail, and forgets those that count no
// longer.
func (db *DB) countMail(i *invitation, now time.Time) {
	if !i.ByMail() {
		return
	}
	db.mails = slices.DeleteFunc(db.mails, func(m invitationMail) bool { return now.Sub(m.at) >= ports.AddressMailsPer })
	db.mails = append(db.mails, invitationMail{i.Tenant, i.Email.Key(), now})
}
