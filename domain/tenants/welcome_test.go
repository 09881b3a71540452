package tenants_test

import (
	"context"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/tenants"
)

func TestASignedInCreatorBecomesTheOwnerAndGetsAMail(t *testing.T) {
	h := newInstallation()
	ada := h.caller("ada@example.com")
	created := h.owned(t, "acme", ada)
	if !created.ClaimToken.IsZero() || created.Tenant.Status != domain.Active || created.Tenant.Name != "acme" || !created.Tenant.ClaimExpiresAt.IsZero() {
		t.Errorf("created %+v", created)
	}
	if mail, sent := h.mail.Last(address("ada@example.com")); !sent || !strings.Contains(mail.Text, "acme") {
		t.Errorf("the owner was sent %+v", mail)
	}
}

func TestAnOwnerWhoClaimsGetsAMail(t *testing.T) {
	h := newInstallation()
	created := h.reserve(t, "acme")
	if len(h.mail.Sent()) != 0 {
		t.Error("a mail was sent about a tenant without an owner")
	}
	for range 3 { // a repeated request sends no mail
		if _, err := h.Claim(t.Context(), tenants.Creator{Caller: h.caller("ada@example.com")}, created.Tenant.ID, created.ClaimToken); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.mail.Sent()); n != 1 {
		t.Errorf("%d mails were sent", n)
	}
	if mail, sent := h.mail.Last(address("ada@example.com")); !sent || !strings.Contains(mail.Text, "acme") {
		t.Errorf("the owner was sent %+v", mail)
	}
}

func TestAMailDoesNotContainTheNameThatAStrangerTyped(t *testing.T) {
	h := newInstallation()
	creation := tenants.Creation{ID: tenantID("win-a-prize"), Name: "Win a prize at evil.example"}
	if _, err := h.Create(t.Context(), tenants.Creator{Caller: h.caller("ada@example.com")}, creation); err != nil {
		t.Fatal(err)
	}
	mail, sent := h.mail.Last(address("ada@example.com"))
	if !sent || strings.Contains(mail.Subject+mail.Text, "evil") || strings.Contains(mail.Subject, "prize") {
		t.Errorf("the owner was sent %+v", mail)
	}
}

func TestAnAddressThatIsNotConfirmedGetsNoMail(t *testing.T) {
	t.Run("of a caller", func(t *testing.T) {
		h := newInstallation()
		h.Users = unverified{h.users}
		ada := h.caller("ada@example.com")
		h.owned(t, "acme", ada)
		created := h.reserve(t, "bolt")
		if _, err := h.Claim(t.Context(), tenants.Creator{Caller: ada}, created.Tenant.ID, created.ClaimToken); err != nil {
			t.Fatal(err)
		}
		mustBeSilent(t, h)
	})
	t.Run("of a caller whose provider confirms without proof", func(t *testing.T) {
		h := newInstallation()
		h.Unproven = true
		h.owned(t, "acme", h.caller("ada@example.com"))
		mustBeSilent(t, h)
	})
	t.Run("of a new user", func(t *testing.T) {
		h := newInstallation()
		created := h.reserve(t, "acme")
		if _, err := h.ClaimBySignUp(t.Context(), limits.Address{}, created.ClaimToken, func(ctx context.Context) (domain.Identity, error) {
			user, err := h.users.SignUp(ctx, address("ada@example.com"), domain.NewSecret("correct horse"))
			return user.Identity, err
		}); err != nil {
			t.Fatal(err)
		}
		mustBeSilent(t, h)
	})
}

func mustBeSilent(t *testing.T, h *installation) {
	t.Helper()
	if sent := h.mail.Sent(); len(sent) != 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestAFailingMailFailsNoRequest(t *testing.T) {
	h := newInstallation()
	h.mail.Break()
	h.owned(t, "acme", h.caller("ada@example.com"))
	var failed error
	h.Later = func(task func(context.Context) error) { failed = task(context.Background()) }
	h.owned(t, "bolt", h.caller("ada@example.com"))
	if failed == nil {
		t.Error("the failure of the mail was not reported")
	}
}
