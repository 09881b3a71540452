package porttest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// MemberLister runs the contract of [ports.MemberLister].
func MemberLister(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("members come in the order of their providers and subjects by byte, page after page", func(t *testing.T) {
		x := openTeam(t, open)
		want := []domain.Identity{x.Owner}
		for _, parts := range [][2]string{{"a", "z"}, {"a", "Z"}, {"a", "zz"}, {"a b", "a"}, {"A", "a"}, {"ä", "é"}, {"porttest", "~"}} {
			who, err := domain.NewIdentity(parts[0], parts[1])
			mustDo(t, err)
			x.put(t, who, domain.RoleViewer)
			want = append(want, who)
		}
		slices.SortFunc(want, func(a, b domain.Identity) int {
			return cmp.Or(cmp.Compare(a.Provider(), b.Provider()), cmp.Compare(a.Subject(), b.Subject()))
		})
		for _, limit := range []int{1, 3, 100} {
			var got []domain.Identity
			for {
				after := domain.Identity{}
				if len(got) > 0 {
					after = got[len(got)-1]
				}
				page := x.list(t, ports.MemberQuery{After: after, Limit: limit})
				if len(page) > limit {
					t.Fatalf("a page of %d has %d members", limit, len(page))
				}
				if len(page) == 0 {
					break
				}
				got = append(got, identitiesOf(page)...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("in pages of %d: %v, want %v", limit, got, want)
			}
		}
	})
	t.Run("members are selected by role, state, address and subject", func(t *testing.T) {
		x := openTeam(t, open)
		ada, bob, eve := x.join(t, domain.RoleAdmin), x.join(t, domain.RoleViewer), x.join(t, domain.RoleViewer)
		mustDo(t, x.Emails.SetEmail(t.Context(), ada, email(t, "Ada.Lovelace@Example.com")))
		mustDo(t, x.Emails.SetEmail(t.Context(), bob, email(t, "bob_50%off@example.com")))
		mustDo(t, x.change(t, domain.UserActor(x.Owner), eve, toState(domain.MemberSuspended)))
		for name, c := range map[string]struct {
			query ports.MemberQuery
			want  []domain.Identity
		}{
			"a role":                         {ports.MemberQuery{Role: domain.RoleViewer}, []domain.Identity{bob, eve}},
			"a state":                        {ports.MemberQuery{State: domain.MemberSuspended}, []domain.Identity{eve}},
			"a role and a state":             {ports.MemberQuery{Role: domain.RoleViewer, State: domain.MemberActive}, []domain.Identity{bob}},
			"part of an address":             {ports.MemberQuery{Text: "LOVELACE@"}, []domain.Identity{ada}},
			"part of a subject":              {ports.MemberQuery{Text: strings.ToUpper(eve.Subject()[2:])}, []domain.Identity{eve}},
			"a pattern that is text":         {ports.MemberQuery{Text: "_50%"}, []domain.Identity{bob}},
			"a pattern that matches nothing": {ports.MemberQuery{Text: "a%e"}, nil},
			"a role above the matching text": {ports.MemberQuery{Role: domain.RoleOwner, Text: "lovelace"}, nil},
		} {
			c.query.Limit = 10
			slices.SortFunc(c.want, func(a, b domain.Identity) int { return cmp.Compare(a.Subject(), b.Subject()) })
			if got := identitiesOf(x.list(t, c.query)); !slices.Equal(got, c.want) {
				t.Errorf("by %s: %v, want %v", name, got, c.want)
			}
		}
	})
	t.Run("members whose membership has expired are listed", func(t *testing.T) {
		x, bob := openTeam(t, open), newIdentity(t)
		_, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: bob, Role: domain.RoleViewer, ExpiresAt: time.Now().Add(soon)})
		mustDo(t, err)
		time.Sleep(past)
		if m := x.membership(t, bob); !m.ExpiredAt(time.Now()) {
			t.Errorf("listed as %+v", m)
		}
	})
	t.Run("the members of one tenant are no other's", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.another(t)
		x.join(t, domain.RoleViewer)
		if got := identitiesOf(y.list(t, ports.MemberQuery{Limit: 10})); !slices.Equal(got, []domain.Identity{y.Owner}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("a page after the last member is empty, and a tenant that is absent or unclaimed is not found", func(t *testing.T) {
		x, unclaimed := openTeam(t, open), reservation(t)
		reserve(t, x.Tenancy, unclaimed)
		if got := x.list(t, ports.MemberQuery{After: x.Owner, Limit: 10}); len(got) != 0 {
			t.Errorf("got %v", got)
		}
		for _, id := range []domain.TenantID{newTenantID(t, "absent"), unclaimed.ID} {
			_, err := x.Lister.List(t.Context(), ports.MemberQuery{Tenant: id, Limit: 10})
			mustBe(t, err, domain.CodeTenantNotFound)
		}
	})
	t.Run("the members of a tenant are listed whatever its status, and a page of none is empty", func(t *testing.T) {
		x := openTeam(t, open)
		for _, change := range []domain.TenantChange{suspend, remove, purgeNow} {
			x.mustChange(t, operator, change)
			if got := identitiesOf(x.list(t, ports.MemberQuery{Limit: 10})); !slices.Equal(got, []domain.Identity{x.Owner}) {
				t.Errorf("after %s: %v", change.Action, got)
			}
			if got := x.list(t, ports.MemberQuery{Role: domain.RoleViewer, Limit: 10}); len(got) != 0 {
				t.Errorf("after %s: %v", change.Action, got)
			}
		}
	})
	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Lister.List(ctx, ports.MemberQuery{Tenant: newTenantID(t, "ctx"), Limit: 10})
		return err
	})
}

func identitiesOf(members []domain.Membership) (identities []domain.Identity) {
	for _, m := range members {
		identities = append(identities, m.Identity)
	}
	return identities
}

// MemberEmails runs the contract of [ports.MemberEmails].
func MemberEmails(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("an address is kept in all memberships of the identity, and in no other", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.another(t)
		bob := x.join(t, domain.RoleViewer)
		y.put(t, bob, domain.RoleAdmin)
		for _, address := range []domain.Email{newEmail(t), newEmail(t), {}} {
			mustDo(t, x.Emails.SetEmail(t.Context(), bob, address))
			if a, b := x.membership(t, bob).Email, y.membership(t, bob).Email; a != address || b != address {
				t.Errorf("the addresses are %v and %v, want %v", a, b, address)
			}
		}
		if got := x.membership(t, x.Owner).Email; got != (domain.Email{}) {
			t.Errorf("the owner has %v", got)
		}
	})
	t.Run("the address of an identity without memberships is no error", func(t *testing.T) {
		mustDo(t, open(t).Emails.SetEmail(t.Context(), newIdentity(t), newEmail(t)))
	})
	heedContext(t, func(ctx context.Context) error { return open(t).Emails.SetEmail(ctx, newIdentity(t), newEmail(t)) })
}
