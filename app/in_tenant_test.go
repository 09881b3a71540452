package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
)

// invoices is a small example product.
var invoices = app.Config{
	TenantMigrations: fstest.MapFS{"0001_invoices.sql": {Data: []byte(`
		CREATE TABLE invoices (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, cents bigint NOT NULL CHECK (cents >= 0));
		CREATE TABLE about (name text NOT NULL)`)}},
	SharedMigrations: fstest.MapFS{"0001_plans.sql": {Data: []byte(`
		CREATE TABLE plans (name text PRIMARY KEY); INSERT INTO plans VALUES ('free'); GRANT SELECT ON plans TO PUBLIC`)}},
	OnProvision: func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant, _ domain.Identity) error {
		if strings.HasPrefix(tenant.Name, "refuse") {
			return domain.Invalidf("name", "the product refuses it")
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO about (name) VALUES ($1)`, tenant.Name)
		return err
	},
	Logger: slog.New(slog.NewTextHandler(&invoicesLog, nil)),
}

var invoicesLog syncBuffer

func book(cents int) func(ctx context.Context, tx *sqlx.Tx) error {
	return func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO invoices (cents) VALUES ($1)`, cents)
		return err
	}
}

func total(t *testing.T, x *apptest.Tenant) (cents int) {
	t.Helper()
	err := x.InTenant(t.Context(), x.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &cents, `SELECT coalesce(sum(cents), 0) FROM invoices`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return cents
}

func TestAProductsSQLRunsInsideItsTenant(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	beta := acme.Another(t)
	if err := acme.InTenant(t.Context(), acme.Owner.Member, book(100)); err != nil {
		t.Fatal(err)
	}
	if a, b := total(t, acme), total(t, beta); a != 100 || b != 0 {
		t.Errorf("acme has %d, its neighbour %d", a, b)
	}
	var name, plan string
	err := acme.InTenant(t.Context(), acme.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		return errors.Join(tx.GetContext(ctx, &name, `SELECT name FROM about`), tx.GetContext(ctx, &plan, `SELECT name FROM shared.plans`))
	})
	if err != nil || name != t.Name() || plan != "free" {
		t.Errorf("OnProvision wrote %q, the shared table has %q: %v", name, plan, err)
	}
	err = acme.InTenant(t.Context(), acme.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		return acme.InTenant(ctx, acme.Owner.Member, book(1))
	})
	if domain.CodeOf(err) != "scope_nested" {
		t.Errorf("InTenant inside InTenant: %v", err)
	}
	if err := acme.InTenant(t.Context(), access.Member{}, book(1)); !errors.Is(err, domain.Forbidden) {
		t.Errorf("a member is refused: %v", err)
	}
	broken := errors.New("broken")
	err = acme.InTenant(t.Context(), acme.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		return errors.Join(book(1)(ctx, tx), broken)
	})
	if !errors.Is(err, broken) || total(t, acme) != 100 {
		t.Errorf("what failed left %d behind: %v", total(t, acme), err)
	}
}

func TestAProductMayRefuseATenant(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	creation := tenants.Creation{ID: parseID(t, "refused"), Name: "refuse me"}
	by := tenants.Creator{Operator: access.Installation(), For: acme.Owner.Member.Identity()}
	_, err := acme.Tenants.Create(t.Context(), by, creation)
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Field != "name" || !errors.Is(err, domain.Invalid) {
		t.Fatalf("the creator gets %v", err)
	}
	creation.Name = "welcome"
	if _, err := acme.Tenants.Create(t.Context(), by, creation); err != nil {
		t.Errorf("the refused ID is not free: %v", err)
	}
}

func TestOnMemoryThereIsNoSQL(t *testing.T) {
	acme := apptest.OpenMemory(t, &invoices)
	err := acme.InTenant(t.Context(), acme.Owner.Member, book(1))
	if domain.CodeOf(err) != app.CodeNoDatabase || !strings.Contains(err.Error(), "apptest.Open(t") {
		t.Errorf("got %v", err)
	}
}

func TestTheOperatorEntersForAReason(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	var log syncBuffer
	config := invoices
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	acme := apptest.Open(t, &config)
	operator := access.Installation()
	entry, err := operator.Enter(acme.ID, "ticket 17")
	if err != nil {
		t.Fatal(err)
	}
	if err := acme.EnterTenant(t.Context(), entry, book(5)); err != nil || total(t, acme) != 5 {
		t.Errorf("the operator booked %d: %v", total(t, acme), err)
	}
	if line := log.String(); !strings.Contains(line, "audit=tenant_entered actor=operator tenant="+acme.ID.String()+` reason="ticket 17" outcome=done`) {
		t.Errorf("the log contains %s", line)
	}
	err = acme.EnterTenant(t.Context(), entry, func(ctx context.Context, tx *sqlx.Tx) error { return errors.New("went wrong") })
	if err == nil || !strings.Contains(log.String(), `outcome="went wrong"`) {
		t.Errorf("the log contains %s about %v", log.String(), err)
	}
	if err := acme.EnterTenant(t.Context(), access.OperatorAccess{}, book(1)); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Visit gets in: %v", err)
	}
	nowhere, err := operator.Enter(parseID(t, "nowhere"), "ticket 18")
	if err := errors.Join(err, acme.EnterTenant(t.Context(), nowhere, book(1))); domain.CodeOf(err) != domain.CodeTenantNotFound {
		t.Errorf("an absent tenant: %v", err)
	}
}

func TestAJobRunsInEachTenant(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	config := invoices // an installation of its own, without other tenants
	acme := apptest.Open(t, &config)
	beta, gamma := acme.Another(t), acme.Another(t)
	unclaimed := tenants.Creation{ID: parseID(t, "unclaimed")}
	operator := access.Installation()
	if _, err := acme.Tenants.Create(t.Context(), tenants.Creator{Operator: operator}, unclaimed); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := acme.EachTenant(t.Context(), operator, "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
		if tenant.ID == beta.ID {
			return errors.Join(book(900)(ctx, tx), broken)
		}
		return book(900)(ctx, tx)
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), beta.ID.String()) || strings.Contains(err.Error(), acme.ID.String()) {
		t.Errorf("the error is %v", err)
	}
	if a, b, c := total(t, acme), total(t, beta), total(t, gamma); a != 900 || b != 0 || c != 900 {
		t.Errorf("the fees are %d, %d, %d", a, b, c)
	}
	if err := acme.EachTenant(t.Context(), access.Operator{}, "no proof", nil); !errors.Is(err, domain.Forbidden) {
		t.Errorf("without a proof: %v", err)
	}
	if err := acme.EachTenant(t.Context(), operator, "two\nlines", nil); !errors.Is(err, domain.Invalid) {
		t.Errorf("with a reason on two lines: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	entered := 0
	err = acme.EachTenant(ctx, operator, "cancelled", func(context.Context, *sqlx.Tx, domain.Tenant) error {
		entered++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || entered != 1 {
		t.Errorf("cancelled after %d: %v", entered, err)
	}
}

// TestWorkThatEndsItsGoroutineDoesNotEndTheRound covers t.FailNow in a product's test,
// and every other call of runtime.Goexit.
func TestWorkThatEndsItsGoroutineDoesNotEndTheRound(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	config := invoices // an installation of its own, without other tenants
	var log syncBuffer
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	acme := apptest.Open(t, &config)
	all := []*apptest.Tenant{acme, acme.Another(t)}
	slices.SortFunc(all, func(a, b *apptest.Tenant) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	returned := false
	var err error
	var round sync.WaitGroup
	round.Go(func() {
		err = acme.EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
			err := book(900)(ctx, tx)
			if tenant.ID == all[0].ID {
				runtime.Goexit()
			}
			return err
		})
		returned = true
	})
	round.Wait()
	if !returned || err == nil || !strings.Contains(err.Error(), "in tenant "+all[0].ID.String()+": ") || !strings.Contains(err.Error(), "runtime.Goexit") {
		t.Errorf("EachTenant returned: %v, with error %v", returned, err)
	}
	if a, b := total(t, all[0]), total(t, all[1]); a != 0 || b != 900 {
		t.Errorf("the fees are %d, %d", a, b)
	}
	if said := log.String(); !strings.Contains(said, "a job ended its goroutine inside a tenant") || !strings.Contains(said, "tenant="+all[0].ID.String()) {
		t.Errorf("the log contains %s", said)
	}
}

func TestAPanicInOneTenantDoesNotEndTheRound(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	var log syncBuffer
	config := invoices
	config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	acme := apptest.Open(t, &config)
	all := []*apptest.Tenant{acme, acme.Another(t), acme.Another(t), acme.Another(t)}
	slices.SortFunc(all, func(a, b *apptest.Tenant) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	broken := errors.New("broken")
	entered := 0
	err := acme.EachTenant(t.Context(), access.Installation(), "monthly fee", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
		entered++
		if err := book(900)(ctx, tx); err != nil {
			return err
		}
		switch tenant.ID {
		case all[0].ID:
			panic("lost my mind")
		case all[2].ID:
			panic(fmt.Errorf("very %w", broken))
		}
		return nil
	})
	if entered != 4 {
		t.Errorf("%d of 4 tenants were entered", entered)
	}
	if err == nil || !strings.Contains(err.Error(), "in tenant "+all[0].ID.String()+": panic: lost my mind") || !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if got := []int{total(t, all[0]), total(t, all[1]), total(t, all[2]), total(t, all[3])}; !slices.Equal(got, []int{0, 900, 0, 900}) {
		t.Errorf("the fees are %v", got)
	}
	if said := log.String(); strings.Count(said, "outcome=panic") != 2 || !strings.Contains(said, "in_tenant_test.go") {
		t.Errorf("the log contains %s", said)
	}
}

func parseID(t *testing.T, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// syncBuffer is a log that several tests write to.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
