package porttest

import (
	"context"
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// operators returns the operator's change of a role.
func operators(id domain.TenantID, member domain.Identity, role domain.Role) ports.RoleChange {
	return ports.RoleChange{Tenant: id, Member: member, Role: role, By: ports.Actor{Operator: true}}
}

// members returns the change of a role that by makes.
func members(by domain.Identity, id domain.TenantID, member domain.Identity, role domain.Role) ports.RoleChange {
	return ports.RoleChange{Tenant: id, Member: member, Role: role, By: ports.Actor{Identity: by}}
}

// team is a tenant whose owner takes no part in the test.
type team struct {
	Tenancy
	ports.TenantCreation
}

func openTeam(t *testing.T, open func(t *testing.T) Tenancy) team {
	x := team{open(t), owned(t)}
	create(t, x.Tenants, x.TenantCreation)
	return x
}

// join returns a new identity that has the role; the empty role is none.
func (x team) join(t *testing.T, role domain.Role) domain.Identity {
	t.Helper()
	who := newIdentity(t)
	x.put(t, who, role)
	return who
}

func (x team) put(t *testing.T, who domain.Identity, role domain.Role) {
	t.Helper()
	mustDo(t, x.Members.SetRole(t.Context(), operators(x.ID, who, role)))
}

func (x team) change(t *testing.T, by, who domain.Identity, role domain.Role) error {
	return x.Members.SetRole(t.Context(), members(by, x.ID, who, role))
}

func (x team) mustHave(t *testing.T, who domain.Identity, want domain.Role) {
	t.Helper()
	_, membership, err := x.Members.Find(t.Context(), who, x.ID)
	if err != nil {
		mustBe(t, err, domain.CodeTenantNotFound)
	}
	if membership.Role != want {
		t.Errorf("the role is %q, want %q", membership.Role, want)
	}
}

var allRoles = []domain.Role{domain.RoleOwner, domain.RoleAdmin, domain.RoleMember, domain.RoleViewer, ""}

func changeRoles(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a member changes the roles that the rule of roles allows, and no other", func(t *testing.T) {
		x := openTeam(t, open)
		for _, byRole := range allRoles {
			by, who := x.join(t, byRole), newIdentity(t)
			for _, from := range allRoles {
				for _, to := range allRoles {
					x.put(t, who, from)
					x.mustFollowTheRule(t, domain.Membership{Identity: by, Role: byRole}, domain.Membership{Identity: who, Role: from}, to)
				}
			}
		}
	})
	t.Run("a member's change of their own role follows the rule of roles", func(t *testing.T) {
		x := openTeam(t, open)
		for _, from := range allRoles {
			for _, to := range allRoles {
				by := domain.Membership{Identity: x.join(t, from), Role: from}
				x.mustFollowTheRule(t, by, by, to)
			}
		}
	})
	t.Run("a member with a role in another tenant alone changes nothing", func(t *testing.T) {
		x, theirs := openTeam(t, open), owned(t)
		create(t, x.Tenants, theirs)
		bob := x.join(t, domain.RoleViewer)
		mustBe(t, x.change(t, theirs.Owner, bob, domain.RoleMember), domain.CodeTenantNotFound)
		mustBe(t, x.change(t, theirs.Owner, theirs.Owner, ""), domain.CodeTenantNotFound)
		x.mustHave(t, bob, domain.RoleViewer)
	})
	t.Run("the last owner neither leaves nor steps down", func(t *testing.T) {
		x := openTeam(t, open)
		for _, less := range []domain.Role{"", domain.RoleAdmin} {
			mustBe(t, x.change(t, x.Owner, x.Owner, less), domain.CodeLastOwner)
		}
		x.mustHave(t, x.Owner, domain.RoleOwner)
	})
	t.Run("members of a tenant that is absent or suspended change nothing", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleViewer)
		mustBe(t, x.Members.SetRole(t.Context(), members(x.Owner, newTenantID(t, "absent"), bob, domain.RoleMember)), domain.CodeTenantNotFound)
		x.Suspend(t, x.ID)
		mustBe(t, x.change(t, x.Owner, bob, domain.RoleMember), domain.CodeTenantNotFound)
		mustBe(t, x.change(t, bob, bob, ""), domain.CodeTenantNotFound)
		x.mustHave(t, bob, domain.RoleViewer)
	})
	changeRolesAtOnce(t, open)

	store := open(t).Members
	refuseZero(t, "by", []call{{"a change of a role that neither the operator nor a member makes", func(ctx context.Context) error {
		return store.SetRole(ctx, ports.RoleChange{Tenant: newTenantID(t, "zero"), Member: newIdentity(t), Role: domain.RoleViewer})
	}}})
}

// mustFollowTheRule fails unless by's change is refused as [domain.CheckRoleChange]
// refuses it, and changes the role otherwise.
func (x team) mustFollowTheRule(t *testing.T, by, of domain.Membership, to domain.Role) {
	t.Helper()
	want, got := domain.CheckRoleChange(by, of, to), x.change(t, by.Identity, of.Identity, to)
	if want == nil {
		mustDo(t, got)
		x.mustHave(t, of.Identity, to)
		return
	}
	if got == nil {
		t.Fatalf("the role %q changes %q to %q, want %v", by.Role, of.Role, to, want)
	}
	mustBe(t, got, domain.KindOf(want))
	if domain.CodeOf(got) != domain.CodeOf(want) {
		t.Errorf("the role %q changes %q to %q: %v, want %v", by.Role, of.Role, to, got, want)
	}
	x.mustHave(t, of.Identity, of.Role)
}

func changeRolesAtOnce(t *testing.T, open func(t *testing.T) Tenancy) {
	for _, less := range []domain.Role{domain.RoleViewer, ""} {
		does := map[domain.Role]string{domain.RoleViewer: "demote", "": "remove"}[less]
		for _, role := range []domain.Role{domain.RoleAdmin, domain.RoleOwner} {
			t.Run("of members who "+does+" each other at once one succeeds, each "+string(role), func(t *testing.T) {
				x := openTeam(t, open)
				for range 10 {
					pair := [2]domain.Identity{x.join(t, role), x.join(t, role)}
					errs := race(func(i int) error {
						if i >= len(pair) {
							return domain.NewError(domain.CodeTenantNotFound)
						}
						return x.change(t, pair[i], pair[1-i], less)
					})
					winner := mustWinOnce(t, errs, domain.Forbidden, domain.CodeTenantNotFound)
					x.mustHave(t, pair[winner], role)
					x.mustHave(t, pair[1-winner], less)
				}
			})
		}
	}
	t.Run("of two owners who demote each other at once, with no third, one stays", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleOwner)
		pair := [2]domain.Identity{x.Owner, bob}
		errs := race(func(i int) error { return x.change(t, pair[i%2], pair[1-i%2], domain.RoleAdmin) })
		demoted := 0
		for i, err := range errs {
			if err == nil {
				demoted = 1 - i%2
				continue
			}
			mustBe(t, err, domain.CodeRoleTooLow)
		}
		x.mustHave(t, pair[demoted], domain.RoleAdmin)
		x.mustHave(t, pair[1-demoted], domain.RoleOwner)
	})
	t.Run("a member who was demoted grants nothing afterwards", func(t *testing.T) {
		x := openTeam(t, open)
		admin, bob := x.join(t, domain.RoleAdmin), x.join(t, domain.RoleViewer)
		mustDo(t, x.change(t, admin, bob, domain.RoleMember))
		mustDo(t, x.change(t, x.Owner, admin, domain.RoleMember))
		mustBe(t, x.change(t, admin, bob, domain.RoleViewer), domain.Forbidden)
		mustDo(t, x.change(t, x.Owner, admin, ""))
		mustBe(t, x.change(t, admin, bob, domain.RoleViewer), domain.CodeTenantNotFound)
		x.mustHave(t, bob, domain.RoleMember)
	})
}
