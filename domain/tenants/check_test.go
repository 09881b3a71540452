package tenants_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// TestCheckFindsFilesWithoutATenant has files under the ID of a tenant, of a reservation
// and of one that never existed.
func TestCheckFindsFilesWithoutATenant(t *testing.T) {
	h := newInstallation()
	objects := &memory.Objects{}
	h.Checker = h.db.Purges()
	h.owned(t, "acme", h.caller("ada@example.com"))
	h.reserve(t, "bolt")
	for _, id := range []string{"acme", "bolt", "crux"} {
		key := domain.Must(domain.NewObjectKey(tenantID(id), "file.txt"))
		if err := objects.PutContent(t.Context(), key, ports.ObjectContent{Body: io.NopCloser(strings.NewReader("content")), Size: 7}); err != nil {
			t.Fatal(err)
		}
	}
	if faults, err := h.Check(t.Context(), access.Installation()); err != nil || len(faults) > 0 {
		t.Errorf("without a store it found %+v, %v", faults, err)
	}
	h.ObjectTenants = objects
	h.Advice.RemoveFiles = func(tenant string) string { return "run `free " + tenant + "`" }
	faults, err := h.Check(t.Context(), access.Installation())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range faults {
		got[f.Tenant] = f.What + ": " + f.Fix
	}
	if len(got) != 2 || !strings.Contains(got["bolt"], "reserved") || !strings.Contains(got["crux"], "look at them, then run `free crux`") {
		t.Errorf("it found %+v", faults)
	}
	objects.Break()
	if _, err := h.Check(t.Context(), access.Installation()); domain.CodeOf(err) != domain.CodeObjectStoreUnavailable {
		t.Errorf("of a store that is unavailable it returns %v", err)
	}
	h.now = h.now.Add(48 * time.Hour) // the reservation expires
	objects.Restore()
	if faults, err := h.Check(t.Context(), access.Installation()); err != nil || len(faults) != 2 || strings.Contains(faults[0].What+faults[1].What, "reserved") {
		t.Errorf("later it found %+v, %v", faults, err)
	}
}
