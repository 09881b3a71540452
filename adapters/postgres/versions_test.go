package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// TestTwoVersions runs a program and its next version on one database, as an
// upgrade without downtime does.
func TestTwoVersions(t *testing.T) {
	t.Parallel()
	t.Run("the older one serves on, and the tenants that it makes serve both", func(t *testing.T) {
		older, cfg := pgtest.Open(t, pgtest.WithNotes)
		acme := pgtest.MakeTenant(t, older, "acme")
		pgtest.WithPriorities(&cfg)
		pgtest.SetUp(t, cfg)
		late := pgtest.MakeTenant(t, older, "late")
		newer := pgtest.Reopen(t, cfg)
		for _, id := range []domain.TenantID{acme, late, pgtest.MakeTenant(t, newer, "fresh")} {
			pgtest.Note(t, older, id, "the older's")
			pgtest.Note(t, newer, id, "the newer's")
			if err := newer.InTenant(t.Context(), id, pgtest.SetPriorities); err != nil {
				t.Errorf("%s lacks what the newer one needs: %v", id, err)
			}
		}
	})
	t.Run("the older one is started again, and set up again, while the newer one serves", func(t *testing.T) {
		older, cfg := pgtest.Open(t, pgtest.WithNotes)
		newest := cfg
		pgtest.WithPriorities(&newest)
		pgtest.SetUp(t, newest)
		if report := pgtest.SetUp(t, cfg); report != "" {
			t.Errorf("the older setup did:\n%s", report)
		}
		late := pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "late")
		pgtest.MakeTenant(t, older, "later")
		if err := pgtest.Reopen(t, newest).InTenant(t.Context(), late, pgtest.SetPriorities); err != nil {
			t.Error(err)
		}
	})
	t.Run("a tenant that the older one makes during the newer one's setup lacks nothing", func(t *testing.T) {
		atWork, goOn := make(chan bool), make(chan bool)
		older, cfg := pgtest.Open(t, pgtest.WithNotes, func(cfg *postgres.Config) {
			cfg.OnProvision = func(context.Context, *sqlx.Tx, domain.Tenant, domain.Identity) error {
				close(atWork)
				<-goOn
				return nil
			}
		})
		var creation sync.WaitGroup
		creation.Go(func() { pgtest.MakeTenant(t, older, "acme") })
		<-atWork
		time.AfterFunc(200*time.Millisecond, func() { close(goOn) })
		pgtest.WithPriorities(&cfg)
		pgtest.SetUp(t, cfg)
		creation.Wait()
		if err := pgtest.Reopen(t, cfg).InTenant(t.Context(), pgtest.TenantID(t, "acme"), pgtest.SetPriorities); err != nil {
			t.Error(err)
		}
	})
	t.Run("a file may be changed until a tenant has it", func(t *testing.T) {
		_, cfg := pgtest.Open(t, func(cfg *postgres.Config) {
			cfg.TenantMigrations = fstest.MapFS{"0001_draft.sql": {Data: []byte(`SELECT 'a draft'`)}}
		})
		pgtest.WithNotes(&cfg)
		pgtest.SetUp(t, cfg)
		db := pgtest.Reopen(t, cfg)
		pgtest.Note(t, db, pgtest.MakeTenant(t, db, "acme"), "kept")
		cfg.TenantMigrations = fstest.MapFS{"0001_notes.sql": {Data: []byte(`SELECT 'changed'`)}}
		pgtest.MustBe(t, postgres.Setup(t.Context(), cfg, func(string) {}), postgres.CodeMigrationChanged)
		cfg.TenantMigrations = nil // an older program still has the tenant's own
		older := pgtest.Reopen(t, cfg)
		if got := pgtest.Notes(t, older, pgtest.MakeTenant(t, older, "rival")); !slices.Equal(got, nil) {
			t.Errorf("there is %q", got)
		}
	})
}

// TestAStatusOfALaterProgramIsNeitherServedNorSwept gives a tenant a status that this
// program does not have: the tenant is hidden, and keeps its ID and its data.
func TestAStatusOfALaterProgramIsNeitherServedNorSwept(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	acme := pgtest.MakeTenant(t, db, "acme")
	owner := pgtest.Creation(t, "acme").Owner
	super := pgtest.Superuser(t, cfg)
	for _, constraint := range []string{`ALTER TABLE partywall.tenants DROP CONSTRAINT IF EXISTS tenants_status_check`, `UPDATE partywall.tenants SET status = 'purging', expires_at = now() - interval '1 day'`} {
		pgtest.Execute(t, super, constraint)
	}

	if n, err := db.Tenants().Sweep(t.Context()); err != nil || n != 0 {
		t.Errorf("Sweep = %d, %v", n, err)
	}
	if _, err := db.Tenants().Probe(t.Context(), acme); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("Clock: %v", err)
	}
	if err := db.InTenant(t.Context(), acme, func(context.Context, *sqlx.Tx) error { return nil }); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("InTenant: %v", err)
	}
	if found, err := db.Members().Memberships(t.Context(), owner, 10); err != nil || len(found) != 0 {
		t.Errorf("Memberships = %v, %v", found, err)
	}
	_, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "acme"))
	pgtest.MustBe(t, err, domain.CodeTenantExists)
	_, err = db.Reservations().Reserve(t.Context(), pgtest.Reservation(t, "acme"))
	pgtest.MustBe(t, err, domain.CodeTenantExists)
	if !pgtest.Query[bool](t, super, `SELECT to_regnamespace('tenant_acme') IS NOT NULL`) {
		t.Error("the schema is gone")
	}
}
