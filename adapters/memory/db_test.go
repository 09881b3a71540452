package memory_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestIdempotencyKeys(t *testing.T) {
	t.Run("a key is good for 24 hours, to the second", func(t *testing.T) {
		now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
		db := &memory.DB{Now: func() time.Time { return now }}
		ada := identity("ada")
		create := func(id string) ports.CreatedTenant {
			created, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: tenantID(id), Owner: ada, Idempotency: &ports.Idempotency{By: domain.UserActor(ada), Route: "r", Key: "k"}})
			must(t, err)
			return created
		}
		create("first")
		now = now.Add(24*time.Hour - time.Second)
		_, err := db.Tenants().Sweep(t.Context())
		must(t, err)
		if got := create("second"); !got.Replayed || got.Tenant.ID.String() != "first" {
			t.Errorf("after 23:59:59 got %+v", got)
		}
		now = now.Add(time.Second)
		if got := create("third"); got.Replayed || got.Tenant.ID.String() != "third" {
			t.Errorf("after 24:00:00 got %+v", got)
		}
	})
}

func TestAReservationEndsWithItsClaim(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	db := &memory.DB{Now: func() time.Time { return now }}
	token := domain.NewSecret("claim").Hash()
	_, err := db.Reservations().Reserve(t.Context(), ports.ReservationRequest{ID: tenantID("acme"), Token: token, TTL: time.Hour})
	must(t, err)
	now = now.Add(time.Hour - 1)
	_, err = db.Tenants().Probe(t.Context(), tenantID("acme"))
	must(t, err)
	now = now.Add(1)
	_, err = db.Tenants().Probe(t.Context(), tenantID("acme"))
	wantErr(t, err, domain.CodeTenantNotFound)
	_, err = db.Reservations().Claim(t.Context(), ports.Claim{Token: token, Owner: identity("ada")})
	wantErr(t, err, domain.CodeClaimInvalid)
}

func TestUnconfirmedOwnersCountForADay(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	db := &memory.DB{Now: func() time.Time { return now }}
	made := 0
	create := func(hourly, daily int) error {
		made++
		_, err := db.Tenants().Create(t.Context(), ports.TenantCreation{
			ID: tenantID(fmt.Sprintf("tenant-%d", made)), Owner: identity(fmt.Sprint(made)),
			Limits: ports.MakingLimits{Unconfirmed: &ports.UnconfirmedLimits{Networks: []ports.NetworkLimit{{Max: daily}}, MaxHourly: hourly}},
		})
		return err
	}
	must(t, create(1, 2))
	wantErr(t, create(1, 2), domain.Limited)
	now = now.Add(time.Hour)
	must(t, create(1, 2))
	now = now.Add(time.Hour)
	wantErr(t, create(1, 2), domain.Limited)
	now = now.Add(22 * time.Hour)
	_, err := db.Tenants().Sweep(t.Context())
	must(t, err)
	must(t, create(1, 2))
}

func TestSeeding(t *testing.T) {
	db, ada, bob := &memory.DB{}, identity("ada"), identity("bob")
	acme, waiting := tenantID("acme"), tenantID("waiting")
	_, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: acme, Owner: ada})
	must(t, err)
	_, err = db.Reservations().Reserve(t.Context(), ports.ReservationRequest{ID: waiting, Token: domain.NewSecret("claim").Hash(), TTL: time.Hour})
	must(t, err)

	t.Run("a role can be granted, changed and revoked", func(t *testing.T) {
		for _, role := range []domain.Role{domain.RoleViewer, domain.RoleAdmin} {
			_, err := db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: acme, Member: bob, Role: role})
			must(t, err)
			found, err := db.Members().Find(t.Context(), bob, acme)
			must(t, err)
			if found.Role != role {
				t.Errorf("he is %q, want %q", found.Role, role)
			}
		}
		must(t, db.Members().Remove(t.Context(), ports.MemberRemoval{Tenant: acme, Member: bob, By: domain.OperatorActor()}))
		_, err := db.Members().Find(t.Context(), bob, acme)
		wantErr(t, err, domain.CodeTenantNotFound)
	})
	t.Run("a suspended tenant can be resumed", func(t *testing.T) {
		must(t, db.SetStatus(acme, domain.Suspended))
		_, err := db.Tenants().Probe(t.Context(), acme)
		wantErr(t, err, domain.CodeTenantNotFound)
		must(t, db.SetStatus(acme, domain.Active))
		_, err = db.Tenants().Probe(t.Context(), acme)
		must(t, err)
	})
	t.Run("a tenant without an owner has no members and no other status", func(t *testing.T) {
		for _, id := range []domain.TenantID{waiting, tenantID("nobody")} {
			_, err := db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: id, Member: bob, Role: domain.RoleViewer})
			wantErr(t, err, domain.CodeTenantNotFound)
			wantErr(t, db.SetStatus(id, domain.Active), domain.CodeTenantNotFound)
		}
	})
	t.Run("a status that no tenant with an owner has is invalid", func(t *testing.T) {
		wantErr(t, db.SetStatus(acme, domain.Unclaimed), domain.Invalid)
	})
}

func identity(subject string) domain.Identity {
	return domain.Must(domain.NewIdentity("test", subject))
}

func tenantID(s string) domain.TenantID { return domain.Must(domain.ParseTenantID(s)) }

func email(s string) domain.Email { return domain.Must(domain.ParseEmail(s)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}
