package porttest

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func limitInvitations(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a tenant has so many open invitations, also where more come at once", func(t *testing.T) {
		x := openTeam(t, open)
		expiring := x.request(domain.RoleViewer)
		expiring.Life = soon
		expired := x.invite(t, expiring)
		for range ports.MaxOpenInvitations - 1 {
			x.invite(t, x.request(domain.RoleViewer))
		}
		time.Sleep(past)
		mustWinOnce(t, race(func(int) error { return second(x.Invitations.Create(t.Context(), x.request(domain.RoleViewer))) }), domain.CodeInvitationQuota)
		open := x.invitations(t, domain.InvitationOpen)
		mustBe(t, second(x.resend(t, expiring.By, expired, newHash())), domain.CodeInvitationQuota)
		mustDo(t, second(x.resend(t, expiring.By, open[0], newHash())))
		mustDo(t, x.revoke(t, expiring.By, open[0]))
		mustDo(t, second(x.resend(t, expiring.By, expired, newHash())))
	})
	t.Run("an invitation that replaces another makes room for itself", func(t *testing.T) {
		x, to := openTeam(t, open), newEmail(t)
		x.invite(t, x.mailRequest(domain.RoleViewer, to))
		for range ports.MaxOpenInvitations - 1 {
			x.invite(t, x.request(domain.RoleViewer))
		}
		x.invite(t, x.mailRequest(domain.RoleViewer, to))
		mustBe(t, second(x.Invitations.Create(t.Context(), x.request(domain.RoleViewer))), domain.CodeInvitationQuota)
	})
	t.Run("a tenant sends so many mails, and invites by link beyond", func(t *testing.T) {
		x := openTeam(t, open)
		for n := range ports.MaxTenantMails {
			i := x.invite(t, x.mailRequest(domain.RoleViewer, newEmail(t)))
			if n > 0 {
				mustDo(t, x.revoke(t, domain.UserActor(x.Owner), i))
			}
		}
		err := second(x.Invitations.Create(t.Context(), x.mailRequest(domain.RoleViewer, newEmail(t))))
		mustWait(t, err, ports.TenantMailsPer)
		mustWait(t, second(x.resend(t, domain.UserActor(x.Owner), x.invitations(t, domain.InvitationOpen)[0], newHash())), ports.TenantMailsPer)
		x.invite(t, x.request(domain.RoleViewer))
		y := x.another(t)
		y.invite(t, y.mailRequest(domain.RoleViewer, newEmail(t)))
	})
	t.Run("an address gets so many mails of all tenants, also where more come at once", func(t *testing.T) {
		x, forms := openTeam(t, open), twoForms(t)
		first := x.invite(t, x.mailRequest(domain.RoleViewer, forms[0]))
		for range ports.MaxAddressMails - 2 {
			mustDo(t, second(x.resend(t, domain.UserActor(x.Owner), first, newHash())))
		}
		teams := make([]team, racers)
		for n := range teams {
			teams[n] = x.another(t)
		}
		errs := race(func(n int) error {
			return second(x.Invitations.Create(t.Context(), teams[n].mailRequest(domain.RoleViewer, forms[n%2])))
		})
		mustWinOnce(t, errs, domain.Limited)
		mustWait(t, second(x.resend(t, domain.UserActor(x.Owner), first, newHash())), ports.AddressMailsPer)
		if got := x.invitations(t, domain.InvitationOpen); len(got) != 1 || got[0].Generation != ports.MaxAddressMails-1 {
			t.Errorf("a refused resending changed the invitation: %+v", got)
		}
	})
}

// mustWait fails unless err asks to wait for about the time.
func mustWait(t *testing.T, err error, wait time.Duration) {
	t.Helper()
	mustBe(t, err, domain.Limited)
	if got := err.(*domain.Error).RetryAfter; got < wait/2 || got > wait { //nolint:errorlint // mustBe has checked it
		t.Errorf("it asks to wait %v, want about %v", got, wait)
	}
}
