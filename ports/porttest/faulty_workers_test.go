package porttest_test

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
	"github.com/partywall-go/partywall/ports/porttest"
)

func workerFaults() map[string]fault {
	workers := func(wrap func(ports.WorkerStore) ports.WorkerStore) func(*testing.T) {
		return func(t *testing.T) {
			porttest.WorkerStore(t, opensTenancy(func(s *porttest.Tenancy) { s.Workers = wrap(s.Workers) }))
		}
	}
	return map[string]fault{
		"a worker in any tenant":      {workers(func(w ports.WorkerStore) ports.WorkerStore { return welcoming{w} }), "only an active tenant admits a worker, and a refusal has no event"},
		"incarnations taken for one":  {workers(func(w ports.WorkerStore) ports.WorkerStore { return nearsighted{w} }), "a later tenant with the same ID is another incarnation"},
		"an incarnation of each call": {workers(func(w ports.WorkerStore) ports.WorkerStore { return &counting{WorkerStore: w} }), "a change of the tenant keeps its incarnation"},
		"a worker without limits":     {workers(func(w ports.WorkerStore) ports.WorkerStore { return unlimitedWorkers{w} }), "an admission returns the tenant's own limits"},
		"a reason that is not kept":   {workers(func(w ports.WorkerStore) ports.WorkerStore { return discreet{w} }), "each admission is one event of the operator, with its reason"},
	}
}

// welcoming admits a worker to any tenant.
type welcoming struct{ ports.WorkerStore }

func (w welcoming) Admit(ctx context.Context, a ports.WorkerAdmission) (ports.AdmittedWorker, error) {
	found, err := w.WorkerStore.Admit(ctx, a)
	if domain.CodeOf(err) == domain.CodeTenantNotFound {
		return ports.AdmittedWorker{Incarnation: "1"}, nil
	}
	return found, err
}

// nearsighted looks at the ID alone.
type nearsighted struct{ ports.WorkerStore }

func (w nearsighted) Admit(ctx context.Context, a ports.WorkerAdmission) (ports.AdmittedWorker, error) {
	found, err := w.WorkerStore.Admit(ctx, a)
	found.Incarnation = ports.Incarnation(a.Tenant.String())
	return found, err
}

// counting returns another incarnation each time.
type counting struct {
	ports.WorkerStore
	seen ports.Incarnation
}

func (w *counting) Admit(ctx context.Context, a ports.WorkerAdmission) (ports.AdmittedWorker, error) {
	found, err := w.WorkerStore.Admit(ctx, a)
	w.seen += "1"
	found.Incarnation = w.seen
	return found, err
}

// unlimitedWorkers does not return the limits of the tenant.
type unlimitedWorkers struct{ ports.WorkerStore }

func (w unlimitedWorkers) Admit(ctx context.Context, a ports.WorkerAdmission) (ports.AdmittedWorker, error) {
	found, err := w.WorkerStore.Admit(ctx, a)
	found.Limits = domain.TenantLimits{}
	return found, err
}

// discreet does not record the reason.
type discreet struct{ ports.WorkerStore }

func (w discreet) Admit(ctx context.Context, a ports.WorkerAdmission) (ports.AdmittedWorker, error) {
	a.Reason = "unknown"
	return w.WorkerStore.Admit(ctx, a)
}
