package porttest

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// blankPurged is the part of [TenantPurger] about the events of a purged tenant.
func blankPurged(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a purge removes each address from the events of its tenant, and from no other's", func(t *testing.T) {
		x := openTeam(t, open)
		other := x.another(t)
		for _, y := range []team{x, other} {
			y.recordAddresses(t)
		}
		recorded, kept := x.events(t, x.ID), other.events(t, other.ID)
		if n := withAddresses(t, recorded); n < 2 || withAddresses(t, kept) != n {
			t.Fatalf("only %d events have addresses: %+v", n, recorded)
		}
		x.mustChange(t, operator, remove)
		x.mustChange(t, operator, purgeNow)
		x.bury(t, 0)

		left := x.events(t, x.ID)
		if n := withAddresses(t, left); n != 0 {
			t.Errorf("%d events have addresses: %+v", n, left)
		}
		for i, before := range recorded {
			want := before.WithoutAddresses()
			if got := left[i]; got.ID != want.ID || got.Kind != want.Kind || got.Actor != want.Actor || got.RequestID != want.RequestID || !sameJSON(t, got.Data, want.Data) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		}
		if got := other.events(t, other.ID); !slices.EqualFunc(got, kept, sameEvent) {
			t.Errorf("the events of another tenant are\n%+v, and were\n%+v", got, kept)
		}
	})
}

// recordAddresses invites a person by mail in a request from a network address.
func (x team) recordAddresses(t *testing.T) {
	t.Helper()
	ctx := domain.WithRequestInfo(t.Context(), domain.RequestInfo{ID: "request", Address: netip.MustParseAddr("192.0.2.7")})
	r := x.request(domain.RoleViewer)
	r.Email = newEmail(t)
	_, err := x.Invitations.Create(ctx, r)
	mustDo(t, err)
	_, err = x.Changer.Grant(ctx, grant(x.ID, newIdentity(t), domain.RoleViewer))
	mustDo(t, err)
	_, err = x.Lifecycle.Change(ctx, ports.TenantChange{Tenant: x.ID, By: operator, TenantChange: edit("Bolt")})
	mustDo(t, err)
}

// withAddresses returns how many events have the address of a network or a person.
func withAddresses(t *testing.T, events []domain.Event) (n int) {
	t.Helper()
	for _, e := range events {
		var fields map[string]any
		mustDo(t, json.Unmarshal(e.Data, &fields))
		if _, found := fields[domain.EventEmailField]; found || e.Address.IsValid() {
			n++
		}
	}
	return n
}
