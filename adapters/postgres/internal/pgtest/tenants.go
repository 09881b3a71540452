package pgtest

import (
	"context"
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
