package domain_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestWhatEachRoleMayDo(t *testing.T) {
	may := map[domain.Role]map[domain.Permission]bool{
		domain.RoleOwner:  {domain.ReadFiles: true, domain.WriteFiles: true, domain.ManageMembers: true, domain.ManageTenant: true},
		domain.RoleAdmin:  {domain.ReadFiles: true, domain.WriteFiles: true, domain.ManageMembers: true},
		domain.RoleMember: {domain.ReadFiles: true, domain.WriteFiles: true},
		domain.RoleViewer: {domain.ReadFiles: true},
		"":                {},
		"root":            {},
	}
	for role, permissions := range may {
		for _, p := range []domain.Permission{domain.ReadFiles, domain.WriteFiles, domain.ManageMembers, domain.ManageTenant, "", "anything"} {
			if role.May(p) != permissions[p] {
				t.Errorf("%q may %q: %v", role, p, role.May(p))
			}
		}
	}
}

func TestParseRole(t *testing.T) {
	for _, role := range []domain.Role{domain.RoleOwner, domain.RoleAdmin, domain.RoleMember, domain.RoleViewer} {
		if got, err := domain.ParseRole(string(role)); err != nil || got != role {
			t.Errorf("ParseRole(%q) = %q, %v", role, got, err)
		}
	}
	for _, s := range []string{"", "Owner", "root", "owner "} {
		if got, err := domain.ParseRole(s); domain.KindOf(err) != domain.Invalid || got != "" {
			t.Errorf("ParseRole(%q) = %q, %v", s, got, err)
		}
	}
}

func TestWhoMayChangeWhichRole(t *testing.T) {
	const owner, admin, member, viewer = domain.RoleOwner, domain.RoleAdmin, domain.RoleMember, domain.RoleViewer
	all := []domain.Role{owner, admin, member, viewer, ""}
	allowed := map[domain.Role]map[domain.Role][]domain.Role{ // by, from: to
		owner: {owner: all, admin: all, member: all, viewer: all},
		admin: {admin: all[1:], member: all[1:], viewer: all[1:]},
	}
	ada := domain.Membership{Identity: domain.Must(domain.NewIdentity("test", "ada"))}
	bob := domain.Membership{Identity: domain.Must(domain.NewIdentity("test", "bob"))}
	for _, by := range all {
		for _, from := range all {
			for _, to := range all {
				ada.Role, bob.Role = by, from
				err := domain.CheckRoleChange(ada, bob, to)
				if want := slices.Contains(allowed[by][from], to); (err == nil) != want {
					t.Errorf("%q changes %q to %q: %v", by, from, to, err)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		by, from, to domain.Role
		want         error
	}{
		"by no member":                     {"", viewer, member, domain.CodeTenantNotFound},
		"without the permission":           {member, viewer, "", domain.Forbidden},
		"of no member":                     {admin, "", viewer, domain.CodeMemberNotFound},
		"of no member, to no member":       {owner, "", "", domain.CodeMemberNotFound},
		"of a member above":                {admin, owner, "", domain.CodeRoleTooLow},
		"to a role above":                  {admin, viewer, owner, domain.CodeRoleTooLow},
		"of an unknown role":               {owner, "founder", viewer, domain.CodeRoleTooLow},
		"to an unknown role":               {owner, viewer, "founder", domain.CodeRoleTooLow},
		"by an unknown role":               {"founder", viewer, member, domain.Forbidden},
		"by no member, of an unknown role": {"", "", "", domain.CodeTenantNotFound},
	} {
		ada.Role, bob.Role = c.by, c.from
		if err := domain.CheckRoleChange(ada, bob, c.to); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestEachMemberMayLeaveAndNoneRises(t *testing.T) {
	ada := domain.Membership{Identity: domain.Must(domain.NewIdentity("test", "ada"))}
	for _, role := range []domain.Role{domain.RoleViewer, domain.RoleMember, domain.RoleAdmin, domain.RoleOwner} {
		ada.Role = role
		if err := domain.CheckRoleChange(ada, ada, ""); err != nil {
			t.Errorf("%s leaves: %v", role, err)
		}
		if err := domain.CheckRoleChange(ada, ada, domain.RoleOwner); (err == nil) != (role == domain.RoleOwner) {
			t.Errorf("%s becomes an owner: %v", role, err)
		}
	}
	if err := domain.CheckRoleChange(domain.Membership{}, domain.Membership{}, ""); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("the zero Membership leaves: %v", err)
	}
}
