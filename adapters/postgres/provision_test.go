package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestProvision(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("OnProvision is called last, in the tenant's schema, with its owner", func(t *testing.T) {
				db, cfg := pgtest.Open(t, pgtest.WithNotes, change, func(cfg *postgres.Config) {
					cfg.OnProvision = func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant, owner domain.Identity) error {
						return pgtest.InsertNote("welcome to "+tenant.Name+", "+owner.Subject())(ctx, tx)
					}
				})
				acme, bolt := pgtest.MakeTenant(t, db, "acme"), pgtest.Reserve(t, db, "bolt")
				pgtest.MustBeWhole(t, cfg, 1)
				if _, err := db.Reservations().Claim(t.Context(), ports.Claim{Token: bolt.Token, Owner: pgtest.Identity(t, "bob")}); err != nil {
					t.Fatal(err)
				}
				for id, want := range map[domain.TenantID]string{acme: "welcome to acme, owner-of-acme", bolt.ID: "welcome to bolt, bob"} {
					if got := pgtest.Notes(t, db, id); len(got) != 1 || got[0] != want {
						t.Errorf("there is %q, want %q", got, want)
					}
				}
				pgtest.MustBeWhole(t, cfg, 2)
			})
			t.Run("an error of OnProvision comes back, and undoes the creation", func(t *testing.T) {
				db, cfg := pgtest.Open(t, pgtest.WithNotes, change, func(cfg *postgres.Config) {
					cfg.OnProvision = func(context.Context, *sqlx.Tx, domain.Tenant, domain.Identity) error { return pgtest.ErrProduct }
				})
				_, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "acme"))
				pgtest.MustBe(t, err, pgtest.ErrProduct)
				pgtest.MustBeWhole(t, cfg, 0)
			})
			t.Run("an error that OnProvision ignores undoes the creation", func(t *testing.T) {
				db, cfg := pgtest.Open(t, change, func(cfg *postgres.Config) {
					cfg.OnProvision = func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant, _ domain.Identity) error {
						_, _ = tx.ExecContext(ctx, `SELECT * FROM nowhere`)
						return nil
					}
				})
				_, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "acme"))
				pgtest.MustBe(t, err, postgres.CodeScopeFailed)
				pgtest.MustBeWhole(t, cfg, 0)
			})
			t.Run("OnProvision may write in its own transaction only: InTenant and Create are refused", func(t *testing.T) {
				var db *postgres.DB
				var refused []error
				db, cfg := pgtest.Open(t, change, func(cfg *postgres.Config) {
					cfg.OnProvision = func(ctx context.Context, _ *sqlx.Tx, tenant domain.Tenant, _ domain.Identity) error {
						_, err := db.Tenants().Create(ctx, pgtest.Creation(t, "another"))
						refused = append(refused, err, db.InTenant(ctx, tenant.ID, pgtest.InsertNote("nested")))
						return nil
					}
				})
				pgtest.MakeTenant(t, db, "acme")
				for _, err := range refused {
					pgtest.MustBe(t, err, postgres.CodeScopeNested)
				}
				pgtest.MustBeWhole(t, cfg, 1)
			})
			for what, text := range map[string]string{
				"a COMMIT":          `COMMIT`,
				"a COMMIT and more": `COMMIT; BEGIN; CREATE TABLE public.after_the_end ()`,
				"a ROLLBACK":        `ROLLBACK`,
			} {
				t.Run(what+" as text in OnProvision is an error, and leaves no tenant", func(t *testing.T) {
					db, cfg := pgtest.Open(t, change, pgtest.WithNotes, func(cfg *postgres.Config) {
						cfg.OnProvision = func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant, _ domain.Identity) error {
							_, err := tx.ExecContext(ctx, text)
							return err
						}
					})
					commitInOnProvision(t, db, cfg)
				})
			}
			t.Run("a panic of OnProvision undoes the creation", func(t *testing.T) {
				db, cfg := pgtest.Open(t, change, func(cfg *postgres.Config) {
					cfg.OnProvision = func(context.Context, *sqlx.Tx, domain.Tenant, domain.Identity) error { panic("product") }
				})
				func() {
					defer func() { _ = recover() }()
					_, _ = db.Tenants().Create(t.Context(), pgtest.Creation(t, "acme"))
				}()
				pgtest.MustBeWhole(t, cfg, 0)
			})
			t.Run("a tenant migration that fails is named, and nothing is left", func(t *testing.T) {
				db, cfg := pgtest.Open(t, change, func(cfg *postgres.Config) {
					cfg.TenantMigrations = fstest.MapFS{
						"0001_good.sql": {Data: []byte(`CREATE TABLE good (id int)`)},
						"0002_bad.sql": {Data: []byte(`DO $$ BEGIN
							IF current_schema() NOT LIKE 'tenant_pw--trial%' THEN CREATE TABLE bad (id nosuchtype); END IF;
						END $$`)},
					}
				})
				_, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "acme"))
				pgtest.MustBe(t, err, postgres.CodeMigrationFailed)
				pgtest.MustSay(t, err, "product/0002_bad.sql", "nosuchtype")
				pgtest.MustBeWhole(t, cfg, 0)
			})
			t.Run("an older release's unclaimed tenant is swept with all that it had", func(t *testing.T) {
				db, cfg := pgtest.Open(t, pgtest.WithNotes, change)
				pgtest.ExpireTenant(t, db, cfg)
			})
			t.Run("a setup that is interrupted anywhere can be repeated", func(t *testing.T) {
				db, cfg := pgtest.Open(t, pgtest.WithNotes, change)
				made := 0
				for i := range 60 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(12_000))*time.Microsecond)
					n := pgtest.Creation(t, fmt.Sprintf("tenant-%d", i))
					_, err := db.Tenants().Create(ctx, n)
					cancel()
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Fatalf("round %d: %v", i, err)
					}
					_, found := db.Members().Find(t.Context(), n.Owner, n.ID)
					if err == nil && found != nil {
						t.Errorf("round %d: it was made, but %v", i, found)
					}
					if found == nil {
						made++
					}
				}
				pgtest.MustBeWhole(t, cfg, made)
			})
		})
	}
}

// commitInOnProvision makes tenants whose OnProvision ends the transaction.
func commitInOnProvision(t *testing.T, db *postgres.DB, cfg postgres.Config) {
	t.Helper()
	n := pgtest.Creation(t, "acme")
	n.Idempotency = &ports.Idempotency{By: domain.UserActor(n.Owner), Route: "r", Key: "k"}
	_, err := db.Tenants().Create(t.Context(), n)
	pgtest.MustBe(t, err, postgres.CodeScopeEnded)
	reserved := pgtest.Reserve(t, db, "reserved")
	claim := ports.Claim{Token: reserved.Token, Owner: pgtest.Identity(t, "ada")}
	_, err = db.Reservations().Claim(t.Context(), claim)
	pgtest.MustBe(t, err, postgres.CodeScopeEnded)

	for id, who := range map[domain.TenantID]domain.Identity{n.ID: n.Owner, reserved.ID: claim.Owner} {
		if _, err := db.Members().Find(t.Context(), who, id); !errors.Is(err, domain.CodeTenantNotFound) {
			t.Errorf("%s is a tenant: %v", id, err)
		}
	}
	if pgtest.Query[bool](t, pgtest.Superuser(t, cfg), `SELECT to_regclass('public.after_the_end') IS NOT NULL`) {
		t.Error("what came after it was committed")
	}
	pgtest.MustFindDefaults(t, ownConn(t, db))
	if _, err := db.Tenants().Sweep(t.Context()); err != nil {
		t.Error(err)
	}
	pgtest.MustBeWhole(t, cfg, 0)
	cfg.OnProvision = func(context.Context, *sqlx.Tx, domain.Tenant, domain.Identity) error { return nil }
	honest := pgtest.Reopen(t, cfg)
	if _, err := honest.Reservations().Claim(t.Context(), claim); err != nil {
		t.Errorf("the reservation was lost: %v", err)
	}
	if created, err := honest.Tenants().Create(t.Context(), n); err != nil || created.Replayed || created.Tenant.ID != n.ID {
		t.Errorf("the same request again: %+v, %v", created, err)
	}
	pgtest.MustBeWhole(t, cfg, 2)
}

func TestNamesAreQuoted(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithNotes)
	for _, id := range []string{"a-b", "select", "x" + strings.Repeat("-y", 23) + "z"} {
		pgtest.Note(t, db, pgtest.MakeTenant(t, db, id), "here")
	}
	pgtest.MustBeWhole(t, cfg, 3)
}
