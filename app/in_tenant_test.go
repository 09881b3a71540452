package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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

func TestAFunctionIsRequired(t *testing.T) { // and missed before a tenant is entered, so also on memory
	acme, operator := apptest.OpenMemory(t, nil), access.Installation()
	worker, err := acme.Access.AdmitWorker(t.Context(), operator, acme.ID, "a job")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"InTenant of a member": acme.InTenant(t.Context(), acme.Owner.Member, nil),
		"InTenant of a worker": acme.InTenant(t.Context(), worker, nil),
		"InShared":             acme.InShared(t.Context(), nil),
		"EachTenant":           acme.EachTenant(t.Context(), operator, "a job", nil),
		"Exec":                 acme.Exec(t.Context(), operator, app.Execution{SQL: "SELECT 1", Reason: "a job"}, nil),
	} {
		if err == nil || domain.KindOf(err) != domain.Internal || !strings.Contains(err.Error(), "is nil") {
			t.Errorf("%s without a function: %v", name, err)
		}
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
