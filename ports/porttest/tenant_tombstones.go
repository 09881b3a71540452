package porttest

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func endTenants(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a tenant with data is not buried", func(t *testing.T) {
		x := openPurging(t, open)
		lease := x.acquire(t)
		mustBe(t, x.Purges.Bury(t.Context(), lease, time.Hour), domain.Conflict)
		if got, err := x.Lifecycle.Details(t.Context(), x.ID); err != nil || got.Status != domain.Purging {
			t.Errorf("it is %s, %v", got.Status, err)
		}
	})
	t.Run("nothing is left of a tenant but its tombstone and its events", func(t *testing.T) {
		x := openTeam(t, open)
		other := openTeam(t, func(*testing.T) Tenancy { return x.Tenancy })
		second := x.join(t, domain.RoleAdmin)
		x.mustChange(t, operator, remove)
		x.mustChange(t, operator, purgeNow)
		x.bury(t, time.Hour)

		got, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		if got.Status != domain.Gone || got.Name != x.Name {
			t.Errorf("got %+v", got)
		}
		for _, identity := range []domain.Identity{x.Owner, second} {
			_, err := x.Members.Find(t.Context(), identity, x.ID)
			mustBe(t, err, domain.CodeTenantNotFound)
			mustSee(t, x.Tenancy, identity, 10)
		}
		events := x.events(t, x.ID)
		if last := events[len(events)-1]; last.Kind != domain.EventTenantPurged || last.Actor != domain.SystemActor() {
			t.Errorf("the last event is %+v", last)
		}
		other.mustServe(t, true)
	})
	t.Run("the ID of a tenant that is gone is taken, and does not count for its owner", func(t *testing.T) {
		x := openPurging(t, open)
		x.bury(t, time.Hour)
		x.mustBeTaken(t)
		one := owned(t)
		one.Owner, one.Limits.MaxOwned = x.Owner, 1
		create(t, x.Tenants, one)
	})
	t.Run("no change applies to a tenant that is gone", func(t *testing.T) {
		x := openPurging(t, open)
		x.bury(t, time.Hour)
		for _, change := range []domain.TenantChange{suspend, resume, remove, restore, purgeNow, edit("Bolt")} {
			_, err := x.changeTenant(t, operator, change)
			mustBe(t, err, domain.CodeTenantState)
			_, err = x.changeTenant(t, x.owner(), change)
			mustBe(t, err, domain.CodeTenantNotFound)
		}
		_, err := x.Tenants.Probe(t.Context(), x.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
	t.Run("a tenant that is gone is found only by its status", func(t *testing.T) {
		x := openPurging(t, open)
		x.bury(t, time.Hour)
		for status, want := range map[domain.TenantStatus]int{domain.Gone: 1, "": 0, domain.Purging: 0} {
			page, err := x.Directory.Search(t.Context(), ports.TenantQuery{Status: status, Text: x.ID.String()}, domain.TenantID{}, 10)
			mustDo(t, err)
			if len(page) != want {
				t.Errorf("status %q finds %+v", status, page)
			}
		}
	})
	t.Run("the objects of a tombstone are due once more", func(t *testing.T) {
		x := openPurging(t, open)
		const later = time.Second
		x.bury(t, later)
		x.mustNotBeDue(t, purgeRequest(x.ID))
		time.Sleep(later)
		x.finish(t)
		x.mustNotBeDue(t, purgeRequest(x.ID))
	})
}

func freeIDs(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a freed ID makes a tenant that sees nothing of its predecessor", func(t *testing.T) {
		x := openTeam(t, open)
		settings, err := domain.ParseSettings([]byte(`{"theme": "dark"}`))
		mustDo(t, err)
		x.mustChange(t, operator, domain.TenantChange{Action: domain.EditTenant, Settings: &settings})
		x.mustChange(t, operator, remove)
		x.mustChange(t, operator, purgeNow)
		x.bury(t, 0)
		x.finish(t)
		x.free(t)
		got := x.events(t, x.ID)
		if last := got[len(got)-1]; last.Kind != domain.EventTenantFreed || last.Actor != operator {
			t.Errorf("the last event is %+v", last)
		}
		again := owned(t)
		again.ID = x.ID
		create(t, x.Tenants, again)
		details, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		if details.Settings.String() != "{}" || details.Status != domain.Active {
			t.Errorf("got %+v", details)
		}
		members, err := x.Lister.List(t.Context(), ports.MemberQuery{Tenant: x.ID, Limit: 10})
		mustDo(t, err)
		if len(members) != 1 || members[0].Identity != again.Owner {
			t.Errorf("its members are %+v", members)
		}
		x.events(t, x.ID) // numbers them
		current, err := x.Events.Events(t.Context(), ports.EventQuery{Tenant: x.ID, Current: true, Limit: 10})
		mustDo(t, err)
		mustBeKinds(t, current, domain.EventTenantCreated)
		if _, err := x.Purges.RemoveData(t.Context(), leaseOn(x.ID)); err == nil {
			t.Error("a purge goes on in the new tenant")
		}
	})
	t.Run("an ID is not freed before its objects were purged once more, nor while they are", func(t *testing.T) {
		x := openPurging(t, open)
		x.bury(t, soon)
		mustBe(t, x.Purges.Hold(t.Context(), leaseOn(x.ID)), domain.CodeTenantState)
		time.Sleep(past)
		mustBe(t, x.Purges.Hold(t.Context(), leaseOn(x.ID)), domain.CodeTenantState)
		x.finish(t)
		lease := leaseOn(x.ID)
		mustDo(t, x.Purges.Hold(t.Context(), lease))
		mustBe(t, x.Purges.Hold(t.Context(), leaseOn(x.ID)), domain.Conflict)
		mustDo(t, x.Purges.Release(t.Context(), lease, ports.PurgeFailure{}))
		x.free(t)
	})
	t.Run("the ID of a tenant, or of a reservation, is not held", func(t *testing.T) {
		x, r := openTeam(t, open), reservation(t)
		reserve(t, x.Tenancy, r)
		mustBe(t, x.Purges.Hold(t.Context(), leaseOn(x.ID)), domain.CodeTenantState)
		mustBe(t, x.Purges.Hold(t.Context(), leaseOn(r.ID)), domain.CodeTenantState)
		x.mustChange(t, operator, remove)
		x.mustChange(t, operator, purgeNow)
		mustBe(t, x.Purges.Hold(t.Context(), leaseOn(x.ID)), domain.CodeTenantState)
	})
	t.Run("an ID that was never given out is held until it is freed", func(t *testing.T) {
		x := openTeam(t, open)
		x.ID = newTenantID(t, "unknown")
		lease := leaseOn(x.ID)
		mustDo(t, x.Purges.Hold(t.Context(), lease))
		n := owned(t)
		n.ID = x.ID
		_, err := x.Tenants.Create(t.Context(), n)
		mustBe(t, err, domain.CodeTenantExists)
		mustDo(t, x.Purges.Free(t.Context(), lease, operator))
		create(t, x.Tenants, n)
		mustBeKinds(t, x.events(t, x.ID), domain.EventTenantFreed, domain.EventTenantCreated)
	})
}

// free frees the ID of the team's tenant, which is gone.
func (x team) free(t *testing.T) {
	t.Helper()
	lease := leaseOn(x.ID)
	mustDo(t, x.Purges.Hold(t.Context(), lease))
	mustDo(t, x.Purges.Free(t.Context(), lease, operator))
}
