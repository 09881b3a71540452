package porttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TenantChecker runs the contract of [ports.TenantChecker].
func TenantChecker(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a tenant in any status has no fault, nor has one whose purge was interrupted", func(t *testing.T) {
		x := openTeam(t, open)
		r := reservation(t)
		reserve(t, x.Tenancy, r)
		x.mustBeWhole(t)
		for _, change := range []domain.TenantChange{suspend, remove, purgeNow} {
			x.mustChange(t, operator, change)
			x.mustBeWhole(t)
		}
		lease := x.acquire(t)
		if _, err := x.Purges.RemoveData(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
		x.mustBeWhole(t)
		x.empty(t, lease)
		x.mustBeWhole(t)
		mustDo(t, x.Purges.Bury(t.Context(), lease, 0))
		x.mustBeWhole(t)
		x.finish(t)
		x.free(t)
		x.mustBeWhole(t)
	})
	t.Run("a purge that failed is found until it succeeds", func(t *testing.T) {
		x := openPurging(t, open)
		mustDo(t, x.Purges.Release(t.Context(), x.acquire(t), ports.PurgeFailure{Text: "the store is full"}))
		if got := x.faults(t); len(got) != 1 || !strings.Contains(got[0].What, "the store is full") {
			t.Errorf("got %+v", got)
		}
		x.bury(t, 0)
		x.mustBeWhole(t)
	})
}

// faults returns the faults of the team's tenant.
func (x team) faults(t *testing.T) []ports.TenantFault {
	t.Helper()
	all, err := x.Purges.Check(t.Context())
	mustDo(t, err)
	return slices.DeleteFunc(all, func(f ports.TenantFault) bool { return f.Tenant != x.ID.String() })
}

func (x team) mustBeWhole(t *testing.T) {
	t.Helper()
	if got := x.faults(t); len(got) != 0 {
		t.Errorf("the check found %+v", got)
	}
}
