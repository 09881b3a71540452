package porttest

import (
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
