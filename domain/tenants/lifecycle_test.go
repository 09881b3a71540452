package tenants_test

import (
	"errors"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

func TestTheLifecycleNeedsAProof(t *testing.T) {
	h := newInstallation()
	var steward access.Steward
	name := "Bolt"
	for what, attempt := range map[string]func() error{
		"Get":     func() error { _, err := h.Get(t.Context(), access.Reader{}); return err },
		"Suspend": func() error { _, err := h.Suspend(t.Context(), steward, "a"); return err },
		"Resume":  func() error { _, err := h.Resume(t.Context(), steward, ""); return err },
		"Delete":  func() error { _, err := h.Delete(t.Context(), steward, ""); return err },
		"Restore": func() error { _, err := h.Restore(t.Context(), steward, ""); return err },
		"Edit":    func() error { _, err := h.Edit(t.Context(), steward, tenants.Edit{Name: &name}); return err },
		"Search": func() error {
			_, err := h.Search(t.Context(), access.Operator{}, ports.TenantQuery{}, domain.TenantID{}, 1)
			return err
		},
	} {
		if err := attempt(); !errors.Is(err, domain.Forbidden) {
			t.Errorf("%s without a proof: %v", what, err)
		}
	}
}

func TestAReasonIsCheckedAtEachChange(t *testing.T) {
	h := newInstallation()
	h.owned(t, "acme", h.caller("ada@example.com"))
	steward := domain.Must(access.Installation().Steward(tenantID("acme")))
	for what, attempt := range map[string]func() error{
		"Suspend": func() error { _, err := h.Suspend(t.Context(), steward, ""); return err },
		"Resume":  func() error { _, err := h.Resume(t.Context(), steward, "a\nb"); return err },
		"Delete":  func() error { _, err := h.Delete(t.Context(), steward, "a\nb"); return err },
		"Restore": func() error { _, err := h.Restore(t.Context(), steward, "a\nb"); return err },
	} {
		if err := attempt(); !errors.Is(err, domain.Invalid) {
			t.Errorf("%s for a malformed reason: %v", what, err)
		}
	}
	got, err := h.Delete(t.Context(), steward, "")
	if err != nil || got.Status != domain.Deleted || !got.PurgeAfter.Equal(h.now) {
		t.Errorf("without grace: %+v, %v", got, err)
	}
	if _, err := h.Restore(t.Context(), steward, ""); !errors.Is(err, domain.CodeTenantState) {
		t.Errorf("restored without grace: %v", err)
	}
}
