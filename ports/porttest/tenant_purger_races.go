package porttest

import (
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func racePurges(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("of a restoration and many purges at once one succeeds", func(t *testing.T) {
		x := openTeam(t, open)
		x.mustChange(t, operator, remove)
		errs := race(func(i int) error {
			change := purgeNow
			if i%2 == 0 {
				change = restore
			}
			_, err := x.changeTenant(t, operator, change)
			return err
		})
		got, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		restored := got.Status == domain.Active
		for i, err := range errs {
			if restored == (i%2 == 0) {
				mustDo(t, err)
			} else {
				mustBe(t, err, domain.CodeTenantState)
			}
		}
		x.mustServe(t, restored)
	})
	t.Run("of many processes that purge a tenant one gets the lease", func(t *testing.T) {
		x := openPurging(t, open)
		won := make([]bool, racers)
		for _, err := range race(func(i int) (err error) {
			_, won[i], err = x.Purges.Acquire(t.Context(), purgeRequest(x.ID))
			return err
		}) {
			mustDo(t, err)
		}
		winners := 0
		for _, wins := range won {
			if wins {
				winners++
			}
		}
		if winners != 1 {
			t.Errorf("%d got it", winners)
		}
	})
	t.Run("of many processes that purge a tenant from its beginning to its end one does, and none fails", func(t *testing.T) {
		for range 2 {
			x := openPurging(t, open)
			ended := make([]bool, racers)
			for _, err := range race(func(i int) (err error) {
				ended[i], err = x.purgeAll(t)
				return err
			}) {
				mustDo(t, err)
			}
			if !slices.Contains(ended, true) {
				t.Error("none purged it")
			}
		}
	})
	t.Run("of many creators of an ID that is being buried none succeeds", func(t *testing.T) {
		x := openPurging(t, open)
		lease := x.acquire(t)
		x.empty(t, lease)
		errs := race(func(i int) error {
			if i == 0 {
				return x.Purges.Bury(t.Context(), lease, time.Hour)
			}
			return x.createAgain(t)
		})
		mustDo(t, errs[0])
		for _, err := range errs[1:] {
			mustBe(t, err, domain.CodeTenantExists)
		}
	})
}

// purgeAll purges the tenant if its purge is due, and reports whether it was.
func (x team) purgeAll(t *testing.T) (found bool, err error) {
	purge, found, err := x.Purges.Acquire(t.Context(), purgeRequest(x.ID))
	if err != nil || !found {
		return false, err
	}
	for more := true; more; {
		if more, err = x.Purges.RemoveData(t.Context(), purge.Lease); err != nil {
			return true, err
		}
	}
	return true, x.Purges.Bury(t.Context(), purge.Lease, time.Hour)
}
