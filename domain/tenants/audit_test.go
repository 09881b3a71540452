package tenants_test

import (
	"context"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// trail keeps the entries of the audit log in order.
type trail struct{ entries []ports.AuditEntry }

func (a *trail) Record(_ context.Context, entry ports.AuditEntry) {
	a.entries = append(a.entries, entry)
}

func TestEachChangeIsAudited(t *testing.T) {
	h := newInstallation()
	kept := &trail{}
	h.Audit = kept
	ada, bob := h.caller("ada@example.com"), h.caller("bob@example.com").Identity()
	acme, bolt, cord := tenantID("acme"), tenantID("bolt"), tenantID("cord")
	by := tenants.Creator{Caller: ada, From: from("192.0.2.1")}
	self := ports.Actor{Identity: ada.Identity(), From: from("192.0.2.1").IP()}

	for range 2 { // the second is a replay
		domain.Must(h.Create(t.Context(), by, tenants.Creation{ID: acme, IdempotencyKey: "k"}))
	}
	created := domain.Must(h.Create(t.Context(), tenants.Creator{From: from("192.0.2.2")}, tenants.Creation{ID: bolt}))
	for range 2 {
		domain.Must(h.Claim(t.Context(), by, bolt, created.ClaimToken))
	}
	created = domain.Must(h.Create(t.Context(), tenants.Creator{Operator: access.Installation()}, tenants.Creation{ID: cord}))
	signUp := func(context.Context) (domain.Identity, error) { return bob, nil }
	domain.Must(h.ClaimBySignUp(t.Context(), from("192.0.2.3"), created.ClaimToken, func(ctx context.Context) (domain.Identity, error) {
		domain.Must(h.ClaimBySignUp(ctx, from("192.0.2.3"), created.ClaimToken, signUp)) // a form that was sent twice at once
		return bob, nil
	}))
	_, taken := h.Create(t.Context(), by, tenants.Creation{ID: acme})
	_, spent := h.Claim(t.Context(), tenants.Creator{Caller: h.caller("eve@example.com")}, bolt, created.ClaimToken)
	if taken == nil || spent == nil {
		t.Fatal(taken, spent)
	}

	want := []ports.AuditEntry{
		{Action: ports.TenantCreated, Tenant: acme, Actor: self, Member: ada.Identity(), Role: domain.RoleOwner},
		{Action: ports.TenantReserved, Tenant: bolt, Actor: ports.Actor{From: from("192.0.2.2").IP()}},
		{Action: ports.TenantClaimed, Tenant: bolt, Actor: self, Member: ada.Identity(), Role: domain.RoleOwner},
		{Action: ports.TenantReserved, Tenant: cord, Actor: ports.Actor{Operator: true}},
		{Action: ports.TenantClaimed, Tenant: cord, Actor: ports.Actor{Identity: bob, From: from("192.0.2.3").IP()}, Member: bob, Role: domain.RoleOwner},
	}
	if !slices.Equal(kept.entries, want) {
		t.Errorf("got  %+v\nwant %+v", kept.entries, want)
	}
}
