package porttest

import (
	"context"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// MemberStore runs the contract of [ports.MemberStore].
func MemberStore(t *testing.T, open func(t *testing.T) Tenancy) {
	findMembers(t, open)
	listMemberships(t, open)
	readSettings(t, open)

	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Members.Find(ctx, newIdentity(t), newTenantID(t, "ctx"))
		return err
	})
}

func findMembers(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a member is found by role, with the status of the tenant", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		found, err := s.Members.Find(t.Context(), n.Owner, n.ID)
		mustDo(t, err)
		if want := (ports.Admission{Status: domain.Active, Role: domain.RoleOwner}); found != want {
			t.Errorf("got %+v, want %+v", found, want)
		}
	})
	t.Run("unknown and foreign tenants are one and the same not found", func(t *testing.T) {
		s, mine, theirs, unclaimed := open(t), owned(t), owned(t), reservation(t)
		create(t, s.Tenants, mine)
		create(t, s.Tenants, theirs)
		reserve(t, s, unclaimed)
		for _, id := range []domain.TenantID{newTenantID(t, "absent"), theirs.ID, unclaimed.ID} {
			_, err := s.Members.Find(t.Context(), mine.Owner, id)
			mustBe(t, err, domain.CodeTenantNotFound)
			mustBe(t, err, domain.NotFound)
		}
	})
	t.Run("the same subject of another provider is no member", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		stranger, err := domain.NewIdentity("another", n.Owner.Subject())
		mustDo(t, err)
		_, err = s.Members.Find(t.Context(), stranger, n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
	t.Run("an identity is not found by another split of the same text", func(t *testing.T) {
		s, n := open(t), owned(t)
		var err error
		n.Owner, err = domain.NewIdentity("a/b"+n.Owner.Subject(), "c")
		mustDo(t, err)
		create(t, s.Tenants, n)
		stranger, err := domain.NewIdentity("a", n.Owner.Provider()[2:]+"/c")
		mustDo(t, err)
		_, err = s.Members.Find(t.Context(), stranger, n.ID)
		mustBe(t, err, domain.CodeTenantNotFound)
	})
	t.Run("a suspended tenant is found", func(t *testing.T) {
		s, n := open(t), owned(t)
		create(t, s.Tenants, n)
		s.Suspend(t, n.ID)
		found, err := s.Members.Find(t.Context(), n.Owner, n.ID)
		mustDo(t, err)
		if want := (ports.Admission{Status: domain.Suspended, Role: domain.RoleOwner}); found != want {
			t.Errorf("got %+v, want %+v", found, want)
		}
	})
}

func listMemberships(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("memberships come in the order of the tenants' IDs by byte", func(t *testing.T) {
		s, who, stem := open(t), newIdentity(t), "mine"+unique()
		suffixes := []string{"-a", "-b", "0", "a", "a-b", "aa"}
		for _, suffix := range slices.Backward(suffixes) {
			create(t, s.Tenants, ports.TenantCreation{ID: tenantID(t, stem+suffix), Name: suffix, Owner: who})
		}
		create(t, s.Tenants, owned(t))
		for _, limit := range []int{0, 1, 4, len(suffixes), 100} {
			got, err := s.Members.Memberships(t.Context(), who, limit)
			mustDo(t, err)
			if want := min(limit, len(suffixes)); len(got) != want {
				t.Fatalf("%d memberships, want %d", len(got), want)
			}
			for i, m := range got {
				id := tenantID(t, stem+suffixes[i])
				if m.Tenant.ID != id || m.Tenant.Name != suffixes[i] || m.Membership.Tenant != id || m.Membership.Identity != who || m.Membership.Role != domain.RoleOwner {
					t.Errorf("place %d: %+v", i, m)
				}
			}
		}
	})
	t.Run("a membership has the tenant as it was created", func(t *testing.T) {
		s, n := open(t), owned(t)
		created := create(t, s.Tenants, n).Tenant
		got, err := s.Members.Memberships(t.Context(), n.Owner, 10)
		mustDo(t, err)
		if len(got) != 1 {
			t.Fatalf("got %d memberships", len(got))
		}
		mustBeSame(t, got[0].Tenant, created)
		mustBeRecent(t, got[0].Membership.CreatedAt)
	})
	t.Run("only active tenants count", func(t *testing.T) {
		s, who := open(t), newIdentity(t)
		active, suspended := owned(t), owned(t)
		active.Owner, suspended.Owner = who, who
		create(t, s.Tenants, active)
		create(t, s.Tenants, suspended)
		s.Suspend(t, suspended.ID)
		got, err := s.Members.Memberships(t.Context(), who, 10)
		mustDo(t, err)
		if len(got) != 1 || got[0].Tenant.ID != active.ID {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a stranger has none", func(t *testing.T) {
		got, err := open(t).Members.Memberships(t.Context(), newIdentity(t), 10)
		mustDo(t, err)
		if len(got) != 0 {
			t.Errorf("got %+v", got)
		}
	})
}
