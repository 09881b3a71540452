package domain_test

import (
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
