package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestOfManySignUpsWithClaimsNoneIsRefusedOnceItsAccountExists(t *testing.T) {
	t.Parallel()
	db, _ := pgtest.Open(t, pgtest.WithNotes, func(cfg *postgres.Config) { cfg.AcquireTimeout = 50 * time.Millisecond })
	const many = 200
	for i := range many {
		pgtest.Reserve(t, db, fmt.Sprintf("tenant-%d", i))
	}
	var accounts, served atomic.Int32
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			_, err := db.Reservations().Claim(t.Context(), ports.Claim{
				Token: domain.NewSecret(fmt.Sprintf("tenant-%d", i)).Hash(),
				SignUp: func(context.Context) (domain.Identity, error) {
					accounts.Add(1)
					time.Sleep(time.Millisecond) // as an identity provider takes its time
					return domain.NewIdentity("test", fmt.Sprint(i))
				},
			})
			switch {
			case err == nil:
				served.Add(1)
			case !errors.Is(err, domain.Unavailable):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if accounts.Load() != served.Load() || served.Load() == 0 {
		t.Errorf("%d accounts were made, and %d tenants", accounts.Load(), served.Load())
	}
}

func TestNoAccountIsMadeWhileNoTenantCanBe(t *testing.T) {
	t.Parallel()
	atWork, goOn := make(chan bool, 2), make(chan bool)
	db, _ := pgtest.Open(t, func(cfg *postgres.Config) {
		cfg.OnProvision = func(_ context.Context, _ *sqlx.Tx, tenant domain.Tenant, _ domain.Identity) error {
			if tenant.ID.String() != "late" {
				atWork <- true
				<-goOn
			}
			return nil
		}
	})
	var creations sync.WaitGroup
	for i := range 2 { // all connections that provision
		creations.Go(func() { pgtest.MakeTenant(t, db, fmt.Sprintf("slow-%d", i)) })
		<-atWork
	}
	late := pgtest.Reserve(t, db, "late")
	released := make(chan bool)
	time.AfterFunc(300*time.Millisecond, func() { close(released); close(goOn) })
	_, err := db.Reservations().Claim(t.Context(), ports.Claim{Token: late.Token, SignUp: func(context.Context) (domain.Identity, error) {
		select {
		case <-released:
		default:
			t.Error("the account was made before a connection was free")
		}
		return domain.NewIdentity("test", "ada")
	}})
	creations.Wait()
	if err != nil {
		t.Error(err)
	}
}

// oldClaim makes a tenant that waits for its owner, as a program of the release
// before reservations does. Its claim token is "old-" and its ID.
func oldClaim(t *testing.T, db *postgres.DB, cfg postgres.Config, id string) ports.Claim {
	t.Helper()
	pgtest.MakeTenant(t, db, id)
	token := domain.NewSecret("old-" + id).Hash()
	super := pgtest.Superuser(t, cfg)
	pgtest.Execute(t, super, `DELETE FROM partywall.memberships WHERE tenant = $1`, id)
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() + interval '1 hour' WHERE id = $1`, id)
	pgtest.Execute(t, super, `INSERT INTO partywall.invitations (tenant, expires_at, hash, role) VALUES ($1, now() + interval '1 hour', $2, 'owner')`, id, token[:])
	return ports.Claim{Token: token}
}

func TestClaimsOfAnOlderProgramBeside(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, pgtest.WithNotes, change)
			t.Run("are claimed once, and the owner may repeat the claim", func(t *testing.T) { claimOld(t, db, cfg) })
			t.Run("are claimed by a new user, within limits", func(t *testing.T) { claimOldBySignUp(t, db, cfg) })
			t.Run("are swept when they have expired", func(t *testing.T) {
				oldClaim(t, db, cfg, "expired")
				pgtest.Execute(t, pgtest.Superuser(t, cfg), `UPDATE partywall.tenants SET expires_at = now() WHERE id = 'expired'`)
				if n, err := db.Tenants().Sweep(t.Context()); n != 1 || err != nil {
					t.Errorf("swept %d: %v", n, err)
				}
				pgtest.Reserve(t, db, "expired")
			})
			t.Run("win against a reservation of the same ID", func(t *testing.T) { meetReservation(t, db, cfg) })
		})
	}
}

func claimOld(t *testing.T, db *postgres.DB, cfg postgres.Config) {
	claim := oldClaim(t, db, cfg, "acme")
	acme := pgtest.TenantID(t, "acme")
	if _, err := db.Tenants().Probe(t.Context(), acme); err != nil {
		t.Error(err)
	}
	if got := statusOf(t, db, acme); !slices.Equal(got, []domain.TenantStatus{domain.Unclaimed}) {
		t.Errorf("it is listed as %v", got)
	}
	_, err := db.Reservations().Reserve(t.Context(), pgtest.Reservation(t, "acme"))
	pgtest.MustBe(t, err, domain.CodeTenantExists)
	wrong := claim
	wrong.Tenant, wrong.Owner = pgtest.TenantID(t, "another"), pgtest.Identity(t, "ada")
	_, err = db.Reservations().Claim(t.Context(), wrong)
	pgtest.MustBe(t, err, domain.CodeClaimInvalid)
	claim.Owner = pgtest.Identity(t, "ada")
	for _, replayed := range []bool{false, true} {
		got, err := db.Reservations().Claim(t.Context(), claim)
		if err != nil || got.Replayed != replayed || got.Tenant.ID != acme || got.Tenant.Status != domain.Active || got.Membership.Role != domain.RoleOwner {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	claim.Owner = pgtest.Identity(t, "eve")
	_, err = db.Reservations().Claim(t.Context(), claim)
	pgtest.MustBe(t, err, domain.CodeClaimInvalid)
	pgtest.Note(t, db, acme, "served")
}

func claimOldBySignUp(t *testing.T, db *postgres.DB, cfg postgres.Config) {
	limits := ports.MakingLimits{Unconfirmed: &ports.UnconfirmedLimits{Networks: []ports.NetworkLimit{{Max: 1}}, MaxHourly: 10}}
	for i, want := range []error{nil, domain.Limited} {
		claim := oldClaim(t, db, cfg, fmt.Sprintf("bolt-%d", i))
		claim.Limits = limits
		claim.SignUp = func(context.Context) (domain.Identity, error) {
			if want != nil {
				t.Error("the account was made")
			}
			return domain.NewIdentity("test", "bob")
		}
		_, err := db.Reservations().Claim(t.Context(), claim)
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// meetReservation has an older program give out an ID that is reserved, since it
// doesn't look there.
func meetReservation(t *testing.T, db *postgres.DB, cfg postgres.Config) {
	old := oldClaim(t, db, cfg, "cord")
	n := pgtest.Reservation(t, "cord")
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `INSERT INTO partywall.reservations (id, name, token, counted, expires_at) VALUES ('cord', '', $1, false, now() + interval '1 hour')`, n.Token[:])
	if got := statusOf(t, db, n.ID); len(got) != 1 {
		t.Errorf("it is listed %d times", len(got))
	}
	_, err := db.Reservations().Claim(t.Context(), ports.Claim{Token: n.Token, Owner: pgtest.Identity(t, "ada")})
	pgtest.MustBe(t, err, domain.CodeClaimInvalid)
	old.Owner = pgtest.Identity(t, "bob")
	if _, err := db.Reservations().Claim(t.Context(), old); err != nil {
		t.Error(err)
	}
	_, err = db.Reservations().Claim(t.Context(), ports.Claim{Token: n.Token, Owner: pgtest.Identity(t, "ada")})
	pgtest.MustBe(t, err, domain.CodeClaimInvalid)
	if got := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM partywall.memberships WHERE tenant = 'cord'`); got != 1 {
		t.Errorf("it has %d owners", got)
	}
}

// statusOf returns the status of each entry that the list has of the ID.
func statusOf(t *testing.T, db *postgres.DB, id domain.TenantID) (found []domain.TenantStatus) {
	t.Helper()
	all, err := db.Tenants().List(t.Context(), domain.TenantID{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, tenant := range all {
		if tenant.ID == id {
			found = append(found, tenant.Status)
		}
	}
	return found
}

// TestAProductThatPanicsLeavesNothingCounted is about the tenants of unconfirmed owners.
func TestAProductThatPanicsLeavesNothingCounted(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, func(cfg *postgres.Config) {
		cfg.OnProvision = func(context.Context, *sqlx.Tx, domain.Tenant, domain.Identity) error { panic("product") }
	})
	limits := ports.MakingLimits{Unconfirmed: &ports.UnconfirmedLimits{Networks: []ports.NetworkLimit{{Max: 1}}, MaxHourly: 10}}
	acme, bolt, crux := pgtest.Creation(t, "acme"), pgtest.Reserve(t, db, "bolt"), pgtest.Reserve(t, db, "crux")
	acme.Limits = limits
	for how, provision := range map[string]func() error{
		"a creation": func() error { _, err := db.Tenants().Create(t.Context(), acme); return err },
		"a claim": func() error {
			_, err := db.Reservations().Claim(t.Context(), ports.Claim{Token: bolt.Token, Owner: pgtest.Identity(t, "bob"), Limits: limits})
			return err
		},
		"a claim by sign-up": func() error {
			_, err := db.Reservations().Claim(t.Context(), ports.Claim{Token: crux.Token, Limits: limits, SignUp: func(context.Context) (domain.Identity, error) {
				return domain.NewIdentity("test", "carla")
			}})
			return err
		},
	} {
		t.Run(how, func(t *testing.T) {
			panicked := func() (value any) {
				defer func() { value = recover() }()
				return provision()
			}()
			if panicked != "product" {
				t.Errorf("got %v", panicked)
			}
			if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM partywall.unconfirmed`); n != 0 {
				t.Errorf("%d tenants are counted that were not made", n)
			}
		})
	}
	pgtest.MustBeWhole(t, cfg, 0)
}
