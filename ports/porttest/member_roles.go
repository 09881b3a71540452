package porttest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func setRoles(t *testing.T, open func(t *testing.T) Tenancy) {
	role := func(t *testing.T, s Tenancy, who domain.Identity, id domain.TenantID) domain.Role {
		t.Helper()
		_, membership, err := s.Members.Find(t.Context(), who, id)
		if err != nil {
			mustBe(t, err, domain.CodeTenantNotFound)
		}
		return membership.Role
	}
	t.Run("a role is granted, changed and revoked", func(t *testing.T) {
		s, n, bob := open(t), owned(t), newIdentity(t)
		create(t, s.Tenants, n)
		for _, want := range []domain.Role{domain.RoleViewer, domain.RoleOwner, domain.RoleMember, domain.RoleMember, domain.RoleAdmin, "", ""} {
			mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, bob, want)))
			if got := role(t, s, bob, n.ID); got != want {
				t.Errorf("the role is %q, want %q", got, want)
			}
		}
		if role(t, s, n.Owner, n.ID) != domain.RoleOwner {
			t.Error("the owner's role changed, too")
		}
	})
	t.Run("a new role does not change the start of a membership", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		_, before, err := s.Members.Find(t.Context(), n.Owner, n.ID)
		mustDo(t, err)
		mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, newIdentity(t), domain.RoleOwner)))
		mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, n.Owner, domain.RoleViewer)))
		_, after, err := s.Members.Find(t.Context(), n.Owner, n.ID)
		mustDo(t, err)
		if !after.CreatedAt.Equal(before.CreatedAt) {
			t.Errorf("a member since %v, now since %v", before.CreatedAt, after.CreatedAt)
		}
	})
	t.Run("a role in one tenant is none in another", func(t *testing.T) {
		s, mine, theirs, bob := open(t), owned(t), owned(t), newIdentity(t)
		create(t, s.Tenants, mine)
		create(t, s.Tenants, theirs)
		mustDo(t, s.Members.SetRole(t.Context(), operators(mine.ID, bob, domain.RoleAdmin)))
		if got := role(t, s, bob, theirs.ID); got != "" {
			t.Errorf("in the other tenant bob is %s", got)
		}
	})
	t.Run("the last owner stays, and a second one may go", func(t *testing.T) {
		s, n, bob := open(t), owned(t), newIdentity(t)
		create(t, s.Tenants, n)
		for _, less := range []domain.Role{"", domain.RoleAdmin, domain.RoleViewer} {
			err := s.Members.SetRole(t.Context(), operators(n.ID, n.Owner, less))
			mustBe(t, err, domain.CodeLastOwner)
			mustBe(t, err, domain.Conflict)
		}
		mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, n.Owner, domain.RoleOwner)))
		mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, bob, domain.RoleOwner)))
		mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, n.Owner, "")))
		mustBe(t, s.Members.SetRole(t.Context(), operators(n.ID, bob, "")), domain.CodeLastOwner)
	})
	t.Run("of owners who leave at once, one stays", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		owners := []domain.Identity{n.Owner}
		for range 7 {
			owners = append(owners, newIdentity(t))
			mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, owners[len(owners)-1], domain.RoleOwner)))
		}
		var refused sync.Map
		var wg sync.WaitGroup
		for i, who := range owners {
			wg.Go(func() {
				if err := s.Members.SetRole(t.Context(), operators(n.ID, who, "")); err != nil {
					refused.Store(i, err)
				}
			})
		}
		wg.Wait()
		stayed := 0
		refused.Range(func(_, err any) bool {
			stayed++
			mustBe(t, err.(error), domain.CodeLastOwner)
			return true
		})
		if stayed != 1 {
			t.Errorf("%d owners stayed", stayed)
		}
	})
	t.Run("a tenant that is absent, or has no owner yet, has no members", func(t *testing.T) {
		s, unclaimed := open(t), reservation(t)
		reserve(t, s, unclaimed)
		for _, id := range []domain.TenantID{newTenantID(t, "absent"), unclaimed.ID} {
			mustBe(t, s.Members.SetRole(t.Context(), operators(id, newIdentity(t), domain.RoleOwner)), domain.CodeTenantNotFound)
		}
	})
	t.Run("a suspended tenant's roles can be set", func(t *testing.T) {
		s, n, bob := open(t), owned(t), newIdentity(t)
		create(t, s.Tenants, n)
		s.Suspend(t, n.ID)
		mustDo(t, s.Members.SetRole(t.Context(), operators(n.ID, bob, domain.RoleAdmin)))
	})
	t.Run("there is no other role", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		if err := s.Members.SetRole(t.Context(), operators(n.ID, newIdentity(t), "king")); !errors.Is(err, domain.Invalid) {
			t.Errorf("got %v", err)
		}
	})
	store := open(t).Members
	heedContext(t, []call{{"SetRole", func(ctx context.Context) error {
		return store.SetRole(ctx, operators(newTenantID(t, "ctx"), newIdentity(t), domain.RoleViewer))
	}}})
	refuseZero(t, "sub", []call{
		{"a role without an identity", func(ctx context.Context) error {
			return store.SetRole(ctx, operators(newTenantID(t, "zero"), domain.Identity{}, domain.RoleViewer))
		}},
	})
	refuseZero(t, "tenantId", []call{
		{"a role in no tenant", func(ctx context.Context) error {
			return store.SetRole(ctx, operators(domain.TenantID{}, newIdentity(t), domain.RoleViewer))
		}},
	})
}
