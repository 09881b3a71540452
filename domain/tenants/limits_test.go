package tenants_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

func limited() *installation {
	h := newInstallation()
	h.Limits = tenants.NewLimits(func() time.Time { return h.now })
	return h
}

func from(s string) limits.Address { return limits.AddressOf(netip.MustParseAddr(s)) }

// create creates the n-th tenant.
func (h *installation) create(t *testing.T, by tenants.Creator, n int) error {
	t.Helper()
	_, err := h.Create(t.Context(), by, tenants.Creation{ID: tenantID(fmt.Sprintf("tenant-%d", n))})
	return err
}

func TestASignedInCallerMakesFiveTenantsAMinuteAndOwnsTwenty(t *testing.T) {
	h := limited()
	ada := tenants.Creator{Caller: h.caller("ada@example.com"), From: from("192.0.2.1")}
	made := 0
	for made < tenants.DefaultTenantsPerOwner {
		for range tenants.CreationsPerIdentity {
			made++
			if err := h.create(t, ada, made); err != nil {
				t.Fatalf("tenant %d: %v", made, err)
			}
		}
		mustWait(t, h.create(t, ada, 1000))
		h.now = h.now.Add(time.Minute)
	}
	if err := h.create(t, ada, 1000); !errors.Is(err, domain.CodeTenantQuota) || !errors.Is(err, domain.Conflict) {
		t.Errorf("the twenty-first: %v", err)
	}
	h.now = h.now.Add(time.Minute)
	waiting := h.reserve(t, "waiting")
	if _, err := h.Claim(t.Context(), ada, waiting.Tenant.ID, waiting.ClaimToken); !errors.Is(err, domain.CodeTenantQuota) {
		t.Errorf("the twenty-first by a claim: %v", err)
	}
	operator := tenants.Creator{Caller: ada.Caller, Operator: access.Installation()}
	for n := range 30 {
		if err := h.create(t, operator, 2000+n); err != nil {
			t.Fatalf("the operator is limited: %v", err)
		}
	}
}

func TestTheQuotaCanBeSet(t *testing.T) {
	h := newInstallation()
	h.TenantsPerOwner = 1
	ada := tenants.Creator{Caller: h.caller("ada@example.com")}
	if err := h.create(t, ada, 1); err != nil {
		t.Fatal(err)
	}
	if err := h.create(t, ada, 2); !errors.Is(err, domain.CodeTenantQuota) {
		t.Errorf("the second: %v", err)
	}
}

func TestARequestThatCreatesNoTenantUsesNothingUp(t *testing.T) {
	h := limited()
	ada := tenants.Creator{Caller: h.caller("ada@example.com")}
	creation := tenants.Creation{ID: tenantID("acme"), IdempotencyKey: "k"}
	for range 3 * tenants.CreationsPerIdentity {
		if _, err := h.Create(t.Context(), ada, creation); err != nil {
			t.Fatalf("a replay: %v", err)
		}
	}
	created := h.reserve(t, "bolt")
	h.db.Break()
	for range 3 * tenants.CreationsPerIdentity {
		if err := h.create(t, ada, 1); !errors.Is(err, domain.Unavailable) {
			t.Fatalf("without a registry: %v", err)
		}
	}
	h.db.Restore()
	for range 3 * tenants.CreationsPerIdentity {
		if _, err := h.Claim(t.Context(), ada, created.Tenant.ID, created.ClaimToken); err != nil {
			t.Fatalf("a repeated claim: %v", err)
		}
	}
}

func TestRefusedClaimTokensAreLimited(t *testing.T) {
	h := limited()
	created := h.reserve(t, "acme")
	claim := func(ctx context.Context, email, address, token string) error {
		by := tenants.Creator{Caller: h.caller(email), From: from(address)}
		_, err := h.Claim(ctx, by, created.Tenant.ID, domain.NewSecret(token))
		return err
	}
	mustBeRefused := func(err error) {
		t.Helper()
		if !errors.Is(err, domain.CodeClaimInvalid) {
			t.Fatalf("a wrong token: %v", err)
		}
	}
	for n := range tenants.CreationsPerIdentity {
		mustBeRefused(claim(t.Context(), "eve@example.com", fmt.Sprintf("198.51.100.%d", n), "wrong"))
	}
	mustWait(t, claim(t.Context(), "eve@example.com", "192.0.2.1", created.ClaimToken.Reveal()))

	for n := range tenants.ClaimsPerAddress {
		mustBeRefused(claim(t.Context(), fmt.Sprintf("eve-%d@example.com", n), "192.0.2.1", "wrong"))
	}
	mustWait(t, claim(t.Context(), "another@example.com", "192.0.2.1", created.ClaimToken.Reveal()))

	hungUp, hangUp := context.WithCancel(t.Context())
	hangUp()
	for range tenants.CreationsPerIdentity {
		if err := claim(hungUp, "mallory@example.com", "192.0.2.2", "wrong"); !errors.Is(err, context.Canceled) {
			t.Fatalf("a caller who hung up: %v", err)
		}
	}
	mustWait(t, claim(t.Context(), "mallory@example.com", "192.0.2.2", created.ClaimToken.Reveal()))

	if err := claim(t.Context(), "ada@example.com", "192.0.2.3", created.ClaimToken.Reveal()); err != nil {
		t.Errorf("another caller from another address: %v", err)
	}
	for range 3 * tenants.ClaimsPerAddress {
		if err := claim(t.Context(), "ada@example.com", "192.0.2.3", created.ClaimToken.Reveal()); err != nil {
			t.Fatalf("a repeated claim: %v", err)
		}
	}
}

func TestUnknownCallersReserveAHundredIDsFromANetwork(t *testing.T) {
	h := limited()
	stranger := tenants.Creator{From: from("192.0.2.1")}
	made := 0
	reserve := func(by tenants.Creator) error {
		made++
		return h.create(t, by, made)
	}
	for range 5 {
		for range tenants.CreationsPerAddress {
			if err := reserve(stranger); err != nil {
				t.Fatalf("number %d: %v", made, err)
			}
		}
		mustWait(t, reserve(stranger))
		h.now = h.now.Add(time.Minute)
	}
	mustWait(t, reserve(stranger))
	if err := reserve(tenants.Creator{From: from("192.0.2.2")}); err != nil {
		t.Errorf("a neighbour: %v", err)
	}
	if err := reserve(tenants.Creator{Operator: access.Installation(), From: from("192.0.2.1")}); err != nil {
		t.Errorf("the operator: %v", err)
	}
	h.now = h.now.Add(24 * time.Hour)
	if err := reserve(stranger); err != nil {
		t.Errorf("a day later: %v", err)
	}
}

func TestUnconfirmedOwnersGetTwentyTenantsADayFromANetwork(t *testing.T) {
	ways := map[string]func(t *testing.T, h *installation, n int) error{
		"by creation": func(t *testing.T, h *installation, n int) error {
			return h.create(t, tenants.Creator{Caller: h.unconfirmed(t, n), From: from("192.0.2.1")}, n)
		},
		"by a claim": func(t *testing.T, h *installation, n int) error {
			created := h.reserve(t, fmt.Sprintf("claimed-%d", n))
			_, err := h.Claim(t.Context(), tenants.Creator{Caller: h.unconfirmed(t, n), From: from("192.0.2.1")}, created.Tenant.ID, created.ClaimToken)
			return err
		},
		"by sign-up": func(t *testing.T, h *installation, n int) error {
			created := h.reserve(t, fmt.Sprintf("signed-up-%d", n))
			_, err := h.ClaimBySignUp(t.Context(), from("192.0.2.1"), created.ClaimToken, func(ctx context.Context) (domain.Identity, error) {
				if n > 20 {
					t.Error("the provider was asked")
				}
				return h.unconfirmed(t, n).Identity(), nil
			})
			return err
		},
	}
	for name, makeOne := range ways {
		t.Run(name, func(t *testing.T) {
			h := limited()
			h.Users = unverified{h.users}
			for n := 1; n <= 20; n++ {
				h.now = h.now.Add(time.Minute)
				if err := makeOne(t, h, n); err != nil {
					t.Fatalf("number %d: %v", n, err)
				}
			}
			for n := 21; n < 24; n++ {
				mustWait(t, makeOne(t, h, n))
			}
			elsewhere := tenants.Creator{Caller: h.unconfirmed(t, 30), From: from("192.0.2.2")}
			if err := h.create(t, elsewhere, 30); err != nil {
				t.Errorf("from elsewhere: %v", err)
			}
			h.Users = h.users
			confirmed := tenants.Creator{Caller: h.caller("grace@example.com"), From: from("192.0.2.1")}
			if err := h.create(t, confirmed, 31); err != nil {
				t.Errorf("with a confirmed address: %v", err)
			}
			h.users.Break()
			mustWait(t, h.create(t, confirmed, 32))
		})
	}
}

// unconfirmed returns the n-th caller, whose address is not confirmed.
func (h *installation) unconfirmed(t *testing.T, n int) ports.Caller {
	t.Helper()
	return h.caller(fmt.Sprintf("user-%d@example.com", n))
}

func mustWait(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*domain.Error](err)
	if !ok || e.Kind != domain.Limited || e.RetryAfter <= 0 {
		t.Fatalf("got %v, want a wait", err)
	}
}
