package tenants_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// wordy is a store that removes nothing, and says why at length.
type wordy struct{ *memory.Objects }

func (wordy) Purge(context.Context, domain.TenantID, int) (int, error) {
	return 0, errors.New("a\x00\xffb" + strings.Repeat("é", 1000))
}

// TestTheFailureOfAPurgeIsTextThatStoresTake cuts a text inside a letter.
func TestTheFailureOfAPurgeIsTextThatStoresTake(t *testing.T) {
	h := newInstallation()
	h.Purger, h.Checker, h.Objects = h.db.Purges(), h.db.Purges(), wordy{&memory.Objects{}}
	h.owned(t, "acme", h.caller("ada@example.com"))
	steward := domain.Must(access.Installation().Steward(tenantID("acme")))
	if _, err := h.Delete(t.Context(), steward, ""); err != nil {
		t.Fatal(err)
	}
	h.now = h.now.Add(time.Hour)
	if _, err := h.PurgeDue(t.Context()); err == nil {
		t.Error("the purge succeeds")
	}
	faults, err := h.Check(t.Context(), access.Installation())
	if err != nil || len(faults) != 1 || !strings.Contains(faults[0].What, "a??bé") || !utf8.ValidString(faults[0].What) || strings.Contains(faults[0].What, "\x00") {
		t.Errorf("the check finds %+v, %v", faults, err)
	}
}
