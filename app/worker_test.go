package app_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// admit admits a worker of the operator to the tenant.
func admit(t *testing.T, x *apptest.Tenant, reason string) access.Worker {
	t.Helper()
	worker, err := x.Access.AdmitWorker(t.Context(), access.Installation(), x.ID, reason)
	if err != nil {
		t.Fatal(err)
	}
	return worker
}

// operatorOf returns the proof that the operator may change the tenant's record.
func operatorOf(t *testing.T, id domain.TenantID) access.Steward {
	t.Helper()
	steward, err := access.Installation().Steward(id)
	if err != nil {
		t.Fatal(err)
	}
	return steward
}

func TestAWorkerActsInsideItsTenant(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	var log syncBuffer
	config := invoices
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	acme := apptest.Open(t, &config)
	beta := acme.Another(t)
	worker := admit(t, acme, "ticket 17")
	for range 2 {
		if err := acme.InTenant(t.Context(), worker, book(5)); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := total(t, acme), total(t, beta); a != 10 || b != 0 {
		t.Errorf("acme has %d, its neighbour %d", a, b)
	}
	if line := log.String(); !strings.Contains(line, "audit=tenant_entered actor=operator tenant="+acme.ID.String()+` reason="ticket 17" outcome=done`) {
		t.Errorf("the log contains %s", line)
	}
	err := acme.InTenant(t.Context(), worker, func(ctx context.Context, tx *sqlx.Tx) error { return errors.New("went wrong") })
	if err == nil || !strings.Contains(log.String(), `outcome="went wrong"`) {
		t.Errorf("the log contains %s about %v", log.String(), err)
	}
	err = acme.InTenant(t.Context(), worker, func(ctx context.Context, tx *sqlx.Tx) error {
		return acme.InTenant(ctx, worker, book(1))
	})
	if domain.CodeOf(err) != "scope_nested" {
		t.Errorf("a worker inside its own transaction: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := acme.InTenant(ctx, worker, book(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("with a cancelled context: %v", err)
	}
	if err := acme.InTenant(t.Context(), worker, book(1), app.ReadOnly); err == nil {
		t.Error("a read-only worker wrote")
	}
	if got := total(t, acme); got != 10 {
		t.Errorf("what failed left %d", got)
	}
}

func TestAPanicOfAWorkerUndoesItsWorkAndIsLogged(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	var log syncBuffer
	config := invoices
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	acme := apptest.Open(t, &config)
	worker := admit(t, acme, "ticket 17")
	func() {
		defer func() {
			if got := recover(); got != "lost my mind" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = acme.InTenant(t.Context(), worker, func(ctx context.Context, tx *sqlx.Tx) error {
			if err := book(1)(ctx, tx); err != nil {
				t.Error(err)
			}
			panic("lost my mind")
		})
	}()
	if got := total(t, acme); got != 0 || !strings.Contains(log.String(), "outcome=panic") {
		t.Errorf("it left %d, and the log contains %s", got, log.String())
	}
}

// look-alikes of a proof: Go lets a type that embeds one have its methods.
type (
	guest    struct{ access.Member }
	impostor struct {
		access.Worker
		tenant domain.TenantID
	}
)

func (i impostor) Tenant() domain.TenantID { return i.tenant }
func (i impostor) IsZero() bool            { return false }
func (g guest) IsZero() bool               { return false }

func TestOnlyAProofEntersATenant(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	beta := acme.Another(t)
	worker := admit(t, acme, "ticket 17")
	for name, proof := range map[string]access.Scope{
		"none":                              nil,
		"the zero Member":                   access.Member{},
		"the zero Worker":                   access.Worker{},
		"a look-alike with the zero Member": guest{},
		"a look-alike of a worker":          impostor{worker, beta.ID},
		"a pointer":                         &access.Worker{},
	} {
		if err := acme.InTenant(t.Context(), proof, book(1)); !errors.Is(err, domain.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a, b := total(t, acme), total(t, beta); a != 0 || b != 0 {
		t.Errorf("acme has %d, its neighbour %d", a, b)
	}
}

func TestAWorkerIsCheckedEachTime(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	worker, steward := admit(t, acme, "ticket 17"), operatorOf(t, acme.ID)
	if _, err := acme.Tenants.Suspend(t.Context(), steward, "unpaid"); err != nil {
		t.Fatal(err)
	}
	if err := acme.InTenant(t.Context(), worker, book(1)); domain.CodeOf(err) != domain.CodeTenantNotFound {
		t.Errorf("in a suspended tenant: %v", err)
	}
	if _, err := acme.Access.AdmitWorker(t.Context(), access.Installation(), acme.ID, "ticket 18"); domain.CodeOf(err) != domain.CodeTenantNotFound {
		t.Errorf("a suspended tenant admits a worker: %v", err)
	}
	if _, err := acme.Tenants.Resume(t.Context(), steward, "unpaid"); err != nil {
		t.Fatal(err)
	}
	if err := acme.InTenant(t.Context(), worker, book(1)); err != nil {
		t.Errorf("after the tenant was resumed: %v", err)
	}
	if _, err := acme.Tenants.Delete(t.Context(), steward, "unpaid"); err != nil {
		t.Fatal(err)
	}
	if err := acme.InTenant(t.Context(), worker, book(1)); domain.CodeOf(err) != domain.CodeTenantNotFound {
		t.Errorf("in a deleted tenant: %v", err)
	}
}
