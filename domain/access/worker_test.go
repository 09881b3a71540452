package access_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

func TestAWorkerOfTheOperatorIsAdmittedForAReason(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme", ada)
	worker, err := in.AdmitWorker(t.Context(), access.Installation(), tenantID("acme"), " ticket 17 ")
	if err != nil || worker.Tenant() != tenantID("acme") || worker.Reason() != "ticket 17" || worker.Incarnation() == "" || worker.IsZero() {
		t.Errorf("got %+v, %v", worker, err)
	}
	events := in.events(t)
	last := events[len(events)-1]
	var data domain.WorkerEventData
	if err := last.Decode(&data); err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 || last.Kind != domain.EventWorkerAdmitted || last.Tenant != tenantID("acme") || last.Actor != domain.OperatorActor() || data.Reason != "ticket 17" {
		t.Errorf("the events are %+v", events)
	}
}

func TestARefusedWorkerHasNoEvent(t *testing.T) {
	in := newInstallation()
	in.create(t, "acme", ada)
	in.create(t, "paused", ada)
	in.suspend(t, "paused")
	operator := access.Installation()
	for name, test := range map[string]struct {
		operator access.Operator
		id       domain.TenantID
		reason   string
		want     error
	}{
		"the zero Operator":  {access.Operator{}, tenantID("acme"), "ticket 17", domain.Forbidden},
		"the zero TenantID":  {operator, domain.TenantID{}, "ticket 17", domain.Invalid},
		"an unknown tenant":  {operator, tenantID("unknown"), "ticket 17", domain.CodeTenantNotFound},
		"a suspended tenant": {operator, tenantID("paused"), "ticket 17", domain.CodeTenantNotFound},
		"no reason":          {operator, tenantID("acme"), "", domain.Invalid},
		"a blank reason":     {operator, tenantID("acme"), " \t", domain.Invalid},
		"two lines":          {operator, tenantID("acme"), "two\nlines", domain.Invalid},
		"a control":          {operator, tenantID("acme"), "a\x00b", domain.Invalid},
		"no UTF-8":           {operator, tenantID("acme"), "\xff", domain.Invalid},
		"a long reason":      {operator, tenantID("acme"), strings.Repeat("a", 201), domain.Invalid},
	} {
		worker, err := in.AdmitWorker(t.Context(), test.operator, test.id, test.reason)
		if !errors.Is(err, test.want) || !worker.IsZero() {
			t.Errorf("%s: %+v, %v", name, worker, err)
		}
	}
	if events := in.events(t); len(events) != 2 {
		t.Errorf("the events are %+v", events)
	}
}

// events returns all events of the installation.
func (in installation) events(t *testing.T) []domain.Event {
	t.Helper()
	if _, err := in.db.Events().Sequence(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := in.db.Events().Events(t.Context(), ports.EventQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
