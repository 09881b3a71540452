package pgtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// MakeTenant creates a tenant that has an owner.
func MakeTenant(t testing.TB, db *postgres.DB, id string) domain.TenantID {
	t.Helper()
	made, err := db.Tenants().Create(t.Context(), Creation(t, id))
	if err != nil {
		t.Fatalf("cannot create tenant %s: %v", id, err)
	}
	return made.Tenant.ID
}

// Creation returns the creation of a tenant that has an owner.
func Creation(t testing.TB, id string) ports.TenantCreation {
	t.Helper()
	return ports.TenantCreation{ID: TenantID(t, id), Name: id, Owner: Identity(t, "owner-of-"+id)}
}

// Reserve makes a reservation whose claim token is its ID.
func Reserve(t testing.TB, db *postgres.DB, id string) ports.ReservationRequest {
	t.Helper()
	n := Reservation(t, id)
	if _, err := db.Reservations().Reserve(t.Context(), n); err != nil {
		t.Fatalf("cannot reserve %s: %v", id, err)
	}
	return n
}

// Reservation returns the request for a reservation whose claim token is its ID.
func Reservation(t testing.TB, id string) ports.ReservationRequest {
	t.Helper()
	return ports.ReservationRequest{ID: TenantID(t, id), Name: id, Token: domain.NewSecret(id).Hash(), TTL: time.Hour}
}

// TenantID parses a tenant's ID.
func TenantID(t testing.TB, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Identity returns an identity of the provider "test".
func Identity(t testing.TB, subject string) domain.Identity {
	t.Helper()
	id, err := domain.NewIdentity("test", subject)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Note puts a row into the tenant's table.
func Note(t testing.TB, db *postgres.DB, id domain.TenantID, text string) {
	t.Helper()
	if err := db.InTenant(t.Context(), id, InsertNote(text)); err != nil {
		t.Fatal(err)
	}
}

// InsertNote returns the function of a scope that puts a row into the tenant's table.
func InsertNote(text string) func(context.Context, *sqlx.Tx) error {
	return func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO notes (text) VALUES ($1)`, text)
		return err
	}
}

// Notes returns what the tenant's table holds.
func Notes(t testing.TB, db *postgres.DB, id domain.TenantID) (texts []string) {
	t.Helper()
	err := db.InTenant(t.Context(), id, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &texts, `SELECT text FROM notes ORDER BY id`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// ExpireTenant creates a tenant that has rows and, with a role, a large object, which
// keeps the role from being dropped. It lets the tenant's claim run out, and sweeps.
func ExpireTenant(t *testing.T, db *postgres.DB, cfg postgres.Config) {
	t.Helper()
	MakeTenant(t, db, "expired")
	super := Superuser(t, cfg)
	if Query[bool](t, super, `SELECT roles FROM partywall.installation`) {
		inst := Query[string](t, super, `SELECT inst FROM partywall.installation`)
		Execute(t, super, `SET ROLE "pw_`+inst+`_t_expired"; SELECT lo_create(0); RESET ROLE`)
	}
	Execute(t, super, `INSERT INTO partywall.migrations_begun (set, tenant, number, checksum, statement) VALUES ('product', 'expired', 9, '', 1)`)
	Execute(t, super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = 'expired'`)
	swept, err := db.Tenants().Sweep(t.Context())
	if swept != 1 || err != nil {
		t.Errorf("swept %d: %v", swept, err)
	}
	MustBeWhole(t, cfg, 0)
	if left := Query[int](t, super, `SELECT count(*) FROM pg_largeobject_metadata`); left != 0 {
		t.Errorf("%d large objects are left", left)
	}
}

// MustBeWhole fails unless there is a schema, a role and a complete ledger for
// each row of the registry, and for nothing else.
func MustBeWhole(t testing.TB, cfg postgres.Config, tenants int) {
	t.Helper()
	super := Superuser(t, cfg)
	got := Query[string](t, super, `
		WITH inst AS (SELECT inst, roles FROM partywall.installation)
		SELECT concat_ws(' ',
			(SELECT count(*) FROM partywall.tenants),
			(SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant\_%'),
			(SELECT count(DISTINCT tenant) FROM partywall.migrations WHERE tenant <> ''),
			(SELECT count(*) FROM pg_roles, inst WHERE rolname LIKE 'pw\_' || inst || '\_t\_%'))`)
	ledger := 0
	if cfg.TenantMigrations != nil {
		ledger = tenants
	}
	roles := tenants
	if cfg.Roles == postgres.RolesOff {
		roles = 0
	}
	if want := fmt.Sprint(tenants, tenants, ledger, roles); got != want {
		t.Errorf("tenants, schemas, ledgers, roles: %s, want %s", got, want)
	}
	if begun := Query[int](t, super, `SELECT count(*) FROM partywall.migrations_begun b WHERE tenant <> '' AND NOT EXISTS (SELECT FROM partywall.tenants WHERE id = b.tenant)`); begun != 0 {
		t.Errorf("%d migrations have begun in tenants that are gone", begun)
	}
	if orphans := Query[int](t, super, `SELECT count(*) FROM partywall.tenants t WHERE NOT EXISTS (
		SELECT FROM pg_namespace WHERE nspname = 'tenant_' || t.id)`); orphans != 0 {
		t.Errorf("%d tenants have no schema", orphans)
	}
}
