package tenants_test

import (
	"context"
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// mustRecord fails unless the first event of the tenant has the address of its owner.
// The welcome mail goes there.
func (h *installation) mustRecord(t *testing.T, id, want string) {
	t.Helper()
	log := h.db.Events()
	domain.Must(log.Sequence(t.Context()))
	events := domain.Must(log.Events(t.Context(), ports.EventQuery{Tenant: tenantID(id), Limit: 10}))
	var data domain.TenantEventData
	if len(events) != 1 || events[0].Decode(&data) != nil || data.Email != want {
		t.Errorf("the events of %s are %+v, want one with the address %q", id, events, want)
	}
}

func TestTheConfirmedAddressOfTheOwnerIsInTheEvent(t *testing.T) {
	h := newInstallation()
	ada := h.caller("Ada@example.com")
	h.owned(t, "acme", ada)
	h.mustRecord(t, "acme", "Ada@example.com")
	created := h.reserve(t, "bolt")
	for range 3 { // the others are replays
		domain.Must(h.Claim(t.Context(), tenants.Creator{Caller: ada}, created.Tenant.ID, created.ClaimToken))
	}
	h.mustRecord(t, "bolt", "Ada@example.com")
}

func TestAnAddressThatIsNotConfirmedIsInNoEvent(t *testing.T) {
	t.Run("of a caller", func(t *testing.T) {
		h := newInstallation()
		h.Users = unverified{h.users}
		ada := h.caller("ada@example.com")
		h.owned(t, "acme", ada)
		h.mustRecord(t, "acme", "")
		created := h.reserve(t, "bolt")
		domain.Must(h.Claim(t.Context(), tenants.Creator{Caller: ada}, created.Tenant.ID, created.ClaimToken))
		h.mustRecord(t, "bolt", "")
	})
	t.Run("of a caller whose provider confirms without proof", func(t *testing.T) {
		h := newInstallation()
		h.Unproven = true
		h.owned(t, "acme", h.caller("ada@example.com"))
		h.mustRecord(t, "acme", "")
	})
	t.Run("of a new user", func(t *testing.T) {
		h := newInstallation()
		created := h.reserve(t, "acme")
		domain.Must(h.ClaimBySignUp(t.Context(), limits.Address{}, created.ClaimToken, func(ctx context.Context) (domain.Identity, error) {
			user, err := h.users.SignUp(ctx, address("ada@example.com"), domain.NewSecret("correct horse"))
			return user.Identity, err
		}))
		h.mustRecord(t, "acme", "")
	})
}

func TestAnOutageOfTheProviderCostsTheAddressAlone(t *testing.T) {
	h := newInstallation()
	ada := h.caller("ada@example.com")
	var reported []error
	h.Report = func(err error) { reported = append(reported, err) }
	h.users.Break()
	h.owned(t, "acme", ada)
	h.mustRecord(t, "acme", "")
	if len(reported) != 1 || !errors.Is(reported[0], domain.CodeIdentityProviderUnavailable) {
		t.Errorf("reported %v", reported)
	}
}
