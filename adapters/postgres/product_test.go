package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// invoices makes the configuration a product's, with a hook.
func invoices(cfg *postgres.Config) {
	cfg.Program = "invoices"
	cfg.TenantMigrations = fstest.MapFS{"0001_seeds.sql": {Data: []byte(`CREATE TABLE seeds (text text)`)}}
	cfg.OnProvision = func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant, _ domain.Identity) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO seeds VALUES ('sown')`)
		return err
	}
}

// otherPrograms lack what makes a tenant of invoices.
var otherPrograms = map[string]func(*postgres.Config){
	"the stock program": func(cfg *postgres.Config) { cfg.Program, cfg.TenantMigrations, cfg.OnProvision = "", nil, nil },
	"another product's program with nothing of its own": func(cfg *postgres.Config) { cfg.Program, cfg.TenantMigrations, cfg.OnProvision = "reports", nil, nil },
}

func TestNoTenantIsMadeWithoutTheProductsHook(t *testing.T) {
	t.Parallel()
	for name, roles := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, invoices, roles)
			pgtest.MakeTenant(t, db, "acme")
			for name, change := range otherPrograms {
				t.Run(name, func(t *testing.T) { refusesToProvision(t, changed(cfg, change)) })
			}
			t.Run("the product's program with its hook forgotten", func(t *testing.T) {
				refusesToProvision(t, changed(cfg, func(cfg *postgres.Config) { cfg.OnProvision = nil }))
			})
			t.Run("the product's program under a new name", func(t *testing.T) {
				renamed := pgtest.Reopen(t, changed(cfg, func(cfg *postgres.Config) { cfg.Program = "billing" }))
				pgtest.MakeTenant(t, renamed, "beta")
				if err := renamed.MayProvision(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// refusesToProvision opens the database with cfg: the tenants that are there are
// served, and none is made.
func refusesToProvision(t *testing.T, cfg postgres.Config) {
	t.Helper()
	db := pgtest.Reopen(t, cfg)
	err := db.MayProvision(t.Context())
	if domain.CodeOf(err) != postgres.CodeOtherProgram || !strings.Contains(err.Error(), "`invoices tenants create`") {
		t.Errorf("MayProvision: %v", err)
	}
	_, err = db.Tenants().Create(t.Context(), pgtest.Creation(t, "late"))
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind != domain.Unavailable || e.RetryAfter == 0 || strings.Contains(e.Public().Message, "invoices") {
		t.Fatalf("Create: %v", err)
	}
	if cause, ok := errors.AsType[*domain.Error](e.Err); !ok || cause.Code != postgres.CodeOtherProgram {
		t.Errorf("its cause is %v", e.Err)
	}
	if _, err := db.Tenants().Probe(t.Context(), pgtest.TenantID(t, "late")); domain.KindOf(err) != domain.NotFound {
		t.Errorf("there is a tenant all the same: %v", err)
	}
	reserved := pgtest.Reservation(t, fmt.Sprintf("reserved-%d", rand.IntN(1e9)))
	if _, err := db.Reservations().Reserve(t.Context(), reserved); err != nil {
		t.Fatal(err)
	}
	_, err = db.Reservations().Claim(t.Context(), ports.Claim{Token: reserved.Token, SignUp: func(context.Context) (domain.Identity, error) {
		t.Error("an account is made that gets no tenant")
		return pgtest.Identity(t, "ada"), nil
	}})
	pgtest.MustBe(t, err, domain.Unavailable)
	if err := db.InTenant(t.Context(), pgtest.TenantID(t, "acme"), func(context.Context, *sqlx.Tx) error { return nil }); err != nil {
		t.Errorf("the tenant that is there: %v", err)
	}
}

func TestAnotherProgramDoesNotSetUpAProductsDatabase(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, invoices)
	for name, change := range otherPrograms {
		t.Run(name, func(t *testing.T) {
			err := postgres.Setup(t.Context(), changed(cfg, change), func(string) {})
			if domain.CodeOf(err) != postgres.CodeOtherProgram || !strings.Contains(err.Error(), "`invoices setup`") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("a program without a name is reported", func(t *testing.T) {
		unnamed := changed(cfg, func(cfg *postgres.Config) { cfg.Program = "" })
		pgtest.SetUp(t, unnamed)
		err := postgres.Setup(t.Context(), changed(cfg, otherPrograms["the stock program"]), func(string) {})
		if domain.CodeOf(err) != postgres.CodeOtherProgram || !strings.Contains(err.Error(), "the product's own program") {
			t.Errorf("got %v", err)
		}
		pgtest.SetUp(t, cfg)
	})
	t.Run("a product that drops its hook makes tenants again", func(t *testing.T) {
		hookless := changed(cfg, func(cfg *postgres.Config) { cfg.OnProvision = nil })
		pgtest.SetUp(t, hookless)
		pgtest.MakeTenant(t, pgtest.Reopen(t, hookless), "acme")
	})
	t.Run("a product that drops all of its own, too", func(t *testing.T) {
		bare := changed(cfg, func(cfg *postgres.Config) { cfg.OnProvision, cfg.TenantMigrations = nil, nil })
		pgtest.SetUp(t, bare)
		pgtest.MakeTenant(t, pgtest.Reopen(t, bare), "beta")
	})
}

// TestWhatBringsTheDatabaseUpToDateIsNamed follows what an operator reads of a
// database that isn't set up.
func TestWhatBringsTheDatabaseUpToDateIsNamed(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*postgres.Config){
		"run `partywall setup`":                  func(*postgres.Config) {},
		"run `invoices setup`":                   invoices,
		"call app.Setup with this configuration": func(cfg *postgres.Config) { invoices(cfg); cfg.Program = "" },
	} {
		_, err := postgres.Open(t.Context(), pgtest.NewConfig(t, change))
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Code != postgres.CodeNotSetUp || !strings.HasSuffix(e.Message, want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// changed is cfg with a change.
func changed(cfg postgres.Config, change func(*postgres.Config)) postgres.Config {
	change(&cfg)
	return cfg
}
