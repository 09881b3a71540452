package app_test

import (
	"errors"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

func TestAStatementRunsInsideTenants(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	beta := acme.Another(t)
	if err := acme.InTenant(t.Context(), acme.Owner.Member, book(100)); err != nil {
		t.Fatal(err)
	}
	found := map[domain.TenantID]string{}
	receive := func(row app.ExecutedRow) error {
		found[row.Tenant] += row.Values[0].String() + ";"
		return nil
	}
	both := app.Execution{
		SQL: "SELECT sum(cents) FROM invoices", Reason: "a report",
		Tenants: []domain.TenantID{acme.ID, beta.ID, acme.ID, domain.Must(domain.ParseTenantID("nowhere"))},
	}
	err := acme.Exec(t.Context(), access.Installation(), both, receive)
	failed, ok := errors.AsType[*app.TenantError](err)
	if !ok || failed.Tenant.String() != "nowhere" || !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("an unknown tenant: %v", err)
	}
	if found[acme.ID] != "100;" || found[beta.ID] != ";" {
		t.Errorf("%v", found)
	}
	mustHaveAdmittedAWorker(t, acme, both.Reason)
	mustHaveAdmittedAWorker(t, beta, both.Reason)
	if err := acme.Exec(t.Context(), access.Operator{}, both, receive); domain.KindOf(err) != domain.Forbidden {
		t.Errorf("without a proof: %v", err)
	}
	full := errors.New("the disk is full")
	if err := acme.Exec(t.Context(), access.Installation(), both, func(app.ExecutedRow) error { return full }); !errors.Is(err, full) {
		t.Errorf("a receiver that fails: %v", err)
	}
	both.Reason = ""
	if err := acme.Exec(t.Context(), access.Installation(), both, receive); domain.KindOf(err) != domain.Invalid {
		t.Errorf("without a reason: %v", err)
	}
}

func TestAStatementNeedsOneSelectionOfTenants(t *testing.T) {
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	beta := acme.Another(t)
	some, query := []domain.TenantID{acme.ID}, ports.TenantQuery{Text: acme.ID.String()}
	for what, c := range map[string]struct {
		e    app.Execution
		want int // of the two tenants; 0: it is refused
	}{
		"nothing":            {app.Execution{}, 0},
		"an empty list":      {app.Execution{Tenants: some[:0]}, 0},
		"a list and all":     {app.Execution{Tenants: some, All: true}, 0},
		"a list and a query": {app.Execution{Tenants: some, Where: query}, 0},
		"a query and all":    {app.Execution{Where: query, All: true}, 0},
		"a list":             {app.Execution{Tenants: some}, 1},
		"a query":            {app.Execution{Where: query}, 1},
		"all":                {app.Execution{All: true}, 2},
	} {
		c.e.SQL, c.e.Reason = "SELECT 1", "a report"
		received := 0
		err := acme.Exec(t.Context(), access.Installation(), c.e, func(row app.ExecutedRow) error {
			if row.Tenant == acme.ID || row.Tenant == beta.ID { // other tests have tenants, too
				received++
			}
			return nil
		})
		if refused := domain.KindOf(err) == domain.Invalid; refused != (c.want == 0) || received != c.want {
			t.Errorf("%s: %d tenants, %v; want %d", what, received, err, c.want)
		}
	}
}

func TestMemoryRunsNoStatement(t *testing.T) {
	t.Parallel()
	pw := apptest.OpenMemory(t, nil)
	err := pw.Exec(t.Context(), access.Installation(), app.Execution{SQL: "SELECT 1", Reason: "a report"}, func(app.ExecutedRow) error { return nil })
	if !errors.Is(err, app.CodeNoDatabase) {
		t.Errorf("%v", err)
	}
}
