package porttest

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// WorkerStore runs the contract of [ports.WorkerStore].
func WorkerStore(t *testing.T, open func(t *testing.T) Tenancy) {
	admitWorkers(t, open)
	knowWorkersLimits(t, open)
	refuseWorkers(t, open)
	enterIncarnations(t, open)

	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Workers.Admit(ctx, ports.WorkerAdmission{Tenant: newTenantID(t, "absent"), Reason: "r"})
		return err
	})
}

// admitWorker admits a worker to the team's tenant.
func (x team) admitWorker(t *testing.T) ports.Incarnation {
	t.Helper()
	found, err := x.Workers.Admit(t.Context(), ports.WorkerAdmission{Tenant: x.ID, Reason: "monthly fee"})
	mustDo(t, err)
	return found.Incarnation
}

// replace purges the team's tenant, and creates another one with its ID.
func (x team) replace(t *testing.T) {
	t.Helper()
	x.mustChange(t, operator, remove)
	x.mustChange(t, operator, purgeNow)
	x.bury(t, 0)
	x.finish(t)
	x.free(t)
	again := owned(t)
	again.ID = x.ID
	create(t, x.Tenants, again)
}

func admitWorkers(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("each admission is one event of the operator, with its reason", func(t *testing.T) {
		x := openTeam(t, open)
		first, second := x.admitWorker(t), x.admitWorker(t)
		if first == "" || first != second {
			t.Errorf("the incarnations of one tenant are %q and %q", first, second)
		}
		got := x.events(t, x.ID)
		mustBeKinds(t, got, domain.EventTenantCreated, domain.EventWorkerAdmitted, domain.EventWorkerAdmitted)
		var data domain.WorkerEventData
		mustDo(t, got[1].Decode(&data))
		if got[1].Actor != operator || data.Reason != "monthly fee" {
			t.Errorf("got %+v", got[1])
		}
	})
	t.Run("a change of the tenant keeps its incarnation", func(t *testing.T) {
		x := openTeam(t, open)
		first := x.admitWorker(t)
		for _, change := range []domain.TenantChange{suspend, resume, edit("Bolt"), remove, restore} {
			x.mustChange(t, operator, change)
		}
		if again := x.admitWorker(t); again != first {
			t.Errorf("got %q, want %q", again, first)
		}
	})
	t.Run("a later tenant with the same ID is another incarnation", func(t *testing.T) {
		x := openTeam(t, open)
		first := x.admitWorker(t)
		x.replace(t)
		if second := x.admitWorker(t); second == first {
			t.Errorf("both are %q", first)
		}
	})
}

func knowWorkersLimits(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an admission returns the tenant's own limits", func(t *testing.T) {
		x := openTeam(t, open)
		for _, want := range []domain.TenantLimits{{}, {MaxRequests: 7, MaxConnections: 3}, {MaxConnections: 1}} {
			x.mustChange(t, operator, domain.TenantChange{
				Action: domain.LimitTenant, Limits: domain.TenantLimitsEdit{MaxRequests: &want.MaxRequests, MaxConnections: &want.MaxConnections},
			})
			found, err := x.Workers.Admit(t.Context(), ports.WorkerAdmission{Tenant: x.ID, Reason: "monthly fee"})
			mustDo(t, err)
			if found.Limits != want {
				t.Errorf("got %+v, want %+v", found.Limits, want)
			}
		}
	})
}

func refuseWorkers(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("only an active tenant admits a worker, and a refusal has no event", func(t *testing.T) {
		x, r := openTeam(t, open), reservation(t)
		reserve(t, x.Tenancy, r)
		refused := func(id domain.TenantID) {
			t.Helper()
			found, err := x.Workers.Admit(t.Context(), ports.WorkerAdmission{Tenant: id, Reason: "monthly fee"})
			mustBe(t, err, domain.CodeTenantNotFound)
			if found != (ports.AdmittedWorker{}) {
				t.Errorf("got %+v", found)
			}
		}
		refused(newTenantID(t, "absent"))
		refused(r.ID)
		for _, change := range []domain.TenantChange{suspend, remove, purgeNow} {
			x.mustChange(t, operator, change)
			refused(x.ID)
		}
		x.bury(t, 0)
		refused(x.ID)
		for _, e := range x.events(t, x.ID) {
			if e.Kind == domain.EventWorkerAdmitted {
				t.Errorf("got %+v", e)
			}
		}
		mustBeKinds(t, x.events(t, r.ID))
	})
}

// enterIncarnations is for stores that have SQL.
func enterIncarnations(t *testing.T, open func(t *testing.T) Tenancy) {
	enters := open(t).Enter != nil
	runIf(t, enters, "an incarnation is entered while its tenant is active", func(t *testing.T) {
		x := openTeam(t, open)
		incarnation := x.admitWorker(t)
		mustDo(t, x.Enter(t, x.ID, incarnation))
		x.mustChange(t, operator, suspend)
		mustBe(t, x.Enter(t, x.ID, incarnation), domain.CodeTenantNotFound)
		x.mustChange(t, operator, resume)
		mustDo(t, x.Enter(t, x.ID, incarnation))
		x.SetUpgrading(t, x.ID, true)
		mustBe(t, x.Enter(t, x.ID, incarnation), domain.CodeTenantUpgrading)
		x.SetUpgrading(t, x.ID, false)
		mustDo(t, x.Enter(t, x.ID, incarnation))
	})
	runIf(t, enters, "an earlier incarnation does not enter a later tenant with the same ID, nor any other", func(t *testing.T) {
		x := openTeam(t, open)
		other := openTeam(t, open)
		incarnation := x.admitWorker(t)
		mustBe(t, other.Enter(t, other.ID, incarnation), domain.CodeTenantNotFound)
		x.replace(t)
		mustBe(t, x.Enter(t, x.ID, incarnation), domain.CodeTenantNotFound)
		mustDo(t, x.Enter(t, x.ID, x.admitWorker(t)))
		for _, none := range []ports.Incarnation{"", "0", "'; SELECT 1; --"} {
			mustBe(t, x.Enter(t, x.ID, none), domain.CodeTenantNotFound)
		}
	})
}
