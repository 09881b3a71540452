package tenants_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// recorded is an event without what the store adds.
type recorded struct {
	kind       domain.EventKind
	tenant     domain.TenantID
	actor      domain.Actor
	onBehalfOf domain.Identity
	address    netip.Addr
	requestID  string
}

// events returns the events that were recorded.
func (h *installation) events(t *testing.T) (all []recorded) {
	t.Helper()
	log := h.db.Events()
	domain.Must(log.Sequence(t.Context()))
	for _, e := range domain.Must(log.Events(t.Context(), ports.EventQuery{Limit: 1000})) {
		all = append(all, recorded{e.Kind, e.Tenant, e.Actor, e.OnBehalfOf, e.Address, e.RequestID})
	}
	return all
}

func TestEachChangeIsAnEvent(t *testing.T) {
	h := newInstallation()
	ada, bob := h.caller("ada@example.com"), h.caller("bob@example.com").Identity()
	acme, bolt, cord, dock := tenantID("acme"), tenantID("bolt"), tenantID("cord"), tenantID("dock")
	by, operator := tenants.Creator{Caller: ada, From: from("192.0.2.1")}, tenants.Creator{Operator: access.Installation()}
	ctx := domain.WithRequestInfo(t.Context(), domain.RequestInfo{ID: "r1"})

	for range 2 { // the second is a replay
		domain.Must(h.Create(ctx, by, tenants.Creation{ID: acme, IdempotencyKey: "k"}))
	}
	created := domain.Must(h.Create(t.Context(), tenants.Creator{From: from("192.0.2.2")}, tenants.Creation{ID: bolt}))
	for range 2 {
		domain.Must(h.Claim(t.Context(), by, bolt, created.ClaimToken))
	}
	created = domain.Must(h.Create(t.Context(), operator, tenants.Creation{ID: cord}))
	signUp := func(context.Context) (domain.Identity, error) { return bob, nil }
	domain.Must(h.ClaimBySignUp(t.Context(), from("192.0.2.3"), created.ClaimToken, func(ctx context.Context) (domain.Identity, error) {
		domain.Must(h.ClaimBySignUp(ctx, from("192.0.2.3"), created.ClaimToken, signUp)) // a form that was sent twice at once
		return bob, nil
	}))
	operator.For = bob
	domain.Must(h.Create(t.Context(), operator, tenants.Creation{ID: dock}))
	_, taken := h.Create(t.Context(), by, tenants.Creation{ID: acme})
	_, spent := h.Claim(t.Context(), tenants.Creator{Caller: h.caller("eve@example.com")}, bolt, created.ClaimToken)
	if taken == nil || spent == nil {
		t.Fatal(taken, spent)
	}

	self, none := domain.UserActor(ada.Identity()), domain.Identity{}
	want := []recorded{
		{domain.EventTenantCreated, acme, self, none, from("192.0.2.1").IP(), "r1"},
		{domain.EventTenantClaimed, bolt, self, none, from("192.0.2.1").IP(), ""},
		{domain.EventTenantReserved, cord, domain.OperatorActor(), none, netip.Addr{}, ""},
		{domain.EventTenantClaimed, cord, domain.UserActor(bob), none, from("192.0.2.3").IP(), ""},
		{domain.EventTenantCreated, dock, domain.OperatorActor(), bob, netip.Addr{}, ""},
	}
	if got := h.events(t); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
