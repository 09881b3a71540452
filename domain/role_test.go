package domain_test

import (
	"slices"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestRolesMayNoMoreThanTheRoleAbove(t *testing.T) {
	all := []domain.Permission{domain.ReadFiles, domain.WriteFiles, domain.ManageMembers, domain.ManageTenant}
	roles := []domain.Role{domain.RoleOwner, domain.RoleAdmin, domain.RoleMember, domain.RoleViewer, ""}
	for _, p := range all {
		if !domain.RoleOwner.May(p) {
			t.Errorf("an owner may not %s", p)
		}
		for lower := 1; lower < len(roles); lower++ {
			if roles[lower].May(p) && !roles[lower-1].May(p) {
				t.Errorf("%q may %s, but %q may not", roles[lower], p, roles[lower-1])
			}
		}
		if domain.Role("").May(p) || domain.Role("root").May(p) {
			t.Errorf("a role that doesn't exist may %s", p)
		}
	}
	if domain.RoleViewer.May(domain.WriteFiles) {
		t.Error("a viewer may write files")
	}
	for _, s := range []string{"owner", "admin", "member", "viewer"} {
		if r, err := domain.ParseRole(s); err != nil || !slices.Contains(roles, r) {
			t.Errorf("ParseRole(%q) = %q, %v", s, r, err)
		}
	}
	if _, err := domain.ParseRole("Owner"); domain.KindOf(err) != domain.Invalid {
		t.Errorf("ParseRole(Owner) = %v", err)
	}
}
