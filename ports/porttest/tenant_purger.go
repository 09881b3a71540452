package porttest

import (
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Purges are the ports of the end of tenants, which one adapter implements.
type Purges interface {
	ports.TenantPurger
	ports.TenantTombstones
	ports.TenantChecker
}

// TenantPurger runs the contracts of [ports.TenantPurger] and [ports.TenantTombstones].
func TenantPurger(t *testing.T, open func(t *testing.T) Tenancy) {
	startPurges(t, open)
	leasePurges(t, open)
	endTenants(t, open)
	blankPurged(t, open)
	freeIDs(t, open)
	racePurges(t, open)
}

const leaseOfPurge = time.Minute

// purgeRequest asks for the purge of the tenant as a process of its own.
func purgeRequest(id domain.TenantID) ports.PurgeRequest {
	return ports.PurgeRequest{Lease: leaseOn(id)}
}

func leaseOn(id domain.TenantID) ports.PurgeLease {
	return ports.PurgeLease{Tenant: id, Holder: unique(), Duration: leaseOfPurge}
}

// acquire takes the lease of the purge of the team's tenant, which is due.
func (x team) acquire(t *testing.T) ports.PurgeLease {
	t.Helper()
	got, found, err := x.Purges.Acquire(t.Context(), purgeRequest(x.ID))
	mustDo(t, err)
	if !found || got.Lease.Tenant != x.ID || got.Status != domain.Purging {
		t.Fatalf("got %+v, %v", got, found)
	}
	return got.Lease
}

func (x team) mustNotBeDue(t *testing.T, request ports.PurgeRequest) {
	t.Helper()
	if got, found, err := x.Purges.Acquire(t.Context(), request); err != nil || found {
		t.Errorf("a purge is due: %+v, %v", got, err)
	}
}

// purgeNow is the change that ends the time in which a deleted tenant can be restored.
var purgeNow = domain.TenantChange{Action: domain.PurgeTenant}

// openPurging returns a tenant that is being purged.
func openPurging(t *testing.T, open func(t *testing.T) Tenancy) team {
	t.Helper()
	x := openTeam(t, open)
	x.mustChange(t, x.owner(), remove)
	x.mustChange(t, operator, purgeNow)
	return x
}

// bury purges the team's tenant, whose objects are due again after the time.
func (x team) bury(t *testing.T, again time.Duration) {
	t.Helper()
	lease := x.acquire(t)
	x.empty(t, lease)
	mustDo(t, x.Purges.Bury(t.Context(), lease, again))
}

// empty removes the tenant's data.
func (x team) empty(t *testing.T, lease ports.PurgeLease) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = x.Purges.RemoveData(t.Context(), lease)
		mustDo(t, err)
	}
}

// finish ends the purge of the objects, which is due.
func (x team) finish(t *testing.T) {
	t.Helper()
	got, found, err := x.Purges.Acquire(t.Context(), purgeRequest(x.ID))
	mustDo(t, err)
	if !found || got.Status != domain.Gone {
		t.Fatalf("got %+v, %v", got, found)
	}
	mustDo(t, x.Purges.Finish(t.Context(), got.Lease))
}

func startPurges(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a tenant is due once its grace is over", func(t *testing.T) {
		x := openTeam(t, open)
		x.mustNotBeDue(t, purgeRequest(x.ID))
		x.mustChange(t, x.owner(), remove)
		x.mustNotBeDue(t, purgeRequest(x.ID))
		x.mustChange(t, x.owner(), restore)
		x.mustChange(t, x.owner(), domain.TenantChange{Action: domain.DeleteTenant, Grace: soon})
		time.Sleep(past)
		x.acquire(t)
		got, err := x.Lifecycle.Details(t.Context(), x.ID)
		mustDo(t, err)
		if got.Status != domain.Purging {
			t.Errorf("it is %s", got.Status)
		}
		events := x.events(t, x.ID)
		if last := events[len(events)-1]; last.Kind != domain.EventTenantPurgeStarted || last.Actor != domain.SystemActor() {
			t.Errorf("the last event is %+v", last)
		}
	})
	t.Run("a tenant that the operator purges is due at once", func(t *testing.T) {
		x := openPurging(t, open)
		_, err := x.changeTenant(t, operator, restore)
		mustBe(t, err, domain.CodeTenantState)
		x.mustServe(t, false)
		x.acquire(t)
		mustBeKinds(t, x.events(t, x.ID), domain.EventTenantCreated, domain.EventTenantDeleted, domain.EventTenantPurgeStarted)
	})
	t.Run("a tenant is not due until it was deleted for the quiet time", func(t *testing.T) {
		x := openPurging(t, open)
		request := purgeRequest(x.ID)
		request.Quiet = time.Hour
		x.mustNotBeDue(t, request)
		request.Quiet = soon
		time.Sleep(past)
		if _, found, err := x.Purges.Acquire(t.Context(), request); err != nil || !found {
			t.Errorf("it is not due after the quiet time: %v", err)
		}
	})
	t.Run("a request without a tenant gets each that is due", func(t *testing.T) {
		x := openPurging(t, open)
		for {
			got, found, err := x.Purges.Acquire(t.Context(), purgeRequest(domain.TenantID{}))
			mustDo(t, err)
			if !found {
				t.Fatal("it was not found")
			}
			if got.Lease.Tenant == x.ID {
				return
			}
		}
	})
	t.Run("a lease without a holder or a duration is invalid", func(t *testing.T) {
		x := openPurging(t, open)
		for _, lease := range []ports.PurgeLease{{Tenant: x.ID, Duration: leaseOfPurge}, {Tenant: x.ID, Holder: unique()}} {
			_, _, err := x.Purges.Acquire(t.Context(), ports.PurgeRequest{Lease: lease})
			mustBe(t, err, domain.Invalid)
			mustBe(t, x.Purges.Hold(t.Context(), lease), domain.Invalid)
		}
	})
}

func leasePurges(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("one process works for a tenant at a time", func(t *testing.T) {
		x := openPurging(t, open)
		lease, other := x.acquire(t), leaseOn(x.ID)
		x.mustNotBeDue(t, purgeRequest(x.ID))
		mustDo(t, x.Purges.Renew(t.Context(), lease))
		for _, stranger := range []ports.PurgeLease{other, {Tenant: x.ID, Duration: leaseOfPurge}} {
			x.mustBeLost(t, stranger)
		}
		mustDo(t, x.Purges.Release(t.Context(), lease, ports.PurgeFailure{}))
		x.mustBeLost(t, lease)
		x.acquire(t)
	})
	t.Run("another process takes over when the lease has ended, and the first works no more", func(t *testing.T) {
		x := openPurging(t, open)
		short := purgeRequest(x.ID)
		short.Lease.Duration = soon
		if _, found, err := x.Purges.Acquire(t.Context(), short); err != nil || !found {
			t.Fatalf("it is not due: %v", err)
		}
		time.Sleep(past)
		x.mustBeLost(t, short.Lease)
		x.acquire(t)
		x.mustBeLost(t, short.Lease)
	})
	t.Run("a purge that failed waits, unless the request names its tenant", func(t *testing.T) {
		x := openPurging(t, open)
		lease := x.acquire(t)
		mustDo(t, x.Purges.Release(t.Context(), lease, ports.PurgeFailure{Text: "the store is full", Retry: time.Hour}))
		for {
			got, found, err := x.Purges.Acquire(t.Context(), purgeRequest(domain.TenantID{}))
			mustDo(t, err)
			if !found {
				break
			}
			if got.Lease.Tenant == x.ID {
				t.Fatal("it did not wait")
			}
		}
		got, found, err := x.Purges.Acquire(t.Context(), purgeRequest(x.ID))
		if err != nil || !found || got.Failures != 1 {
			t.Errorf("got %+v, %v, %v", got, found, err)
		}
	})
}

// mustBeLost fails unless all steps refuse the lease.
func (x team) mustBeLost(t *testing.T, lease ports.PurgeLease) {
	t.Helper()
	_, removed := x.Purges.RemoveData(t.Context(), lease)
	for _, err := range []error{
		removed,
		x.Purges.Renew(t.Context(), lease),
		x.Purges.Release(t.Context(), lease, ports.PurgeFailure{}),
		x.Purges.Bury(t.Context(), lease, 0),
		x.Purges.Finish(t.Context(), lease),
		x.Purges.Free(t.Context(), lease, operator),
	} {
		mustBe(t, err, domain.Conflict)
	}
}

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
		again := owned(t)
		again.ID = x.ID
		_, err := x.Tenants.Create(t.Context(), again)
		mustBe(t, err, domain.CodeTenantExists)
		r := reservation(t)
		r.ID = x.ID
		_, err = x.Reservations.Reserve(t.Context(), r)
		mustBe(t, err, domain.CodeTenantExists)
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
			again := owned(t)
			again.ID = x.ID
			_, err := x.Tenants.Create(t.Context(), again)
			return err
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
