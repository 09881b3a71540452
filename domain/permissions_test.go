package domain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestAProductsPermissions(t *testing.T) {
	roles := []domain.Role{domain.RoleOwner, domain.RoleMember}
	permissions, err := domain.NewPermissions(map[domain.Permission][]domain.Role{"send invoices": roles, "close the books": nil})
	if err != nil {
		t.Fatal(err)
	}
	roles[1] = domain.RoleViewer // the permissions are the product's no more
	for _, role := range append(domain.Roles(), "", "king") {
		if got, want := permissions.Allow(role, "send invoices"), role == domain.RoleOwner || role == domain.RoleMember; got != want {
			t.Errorf("%q may send invoices: %v", role, got)
		}
		for _, p := range append(domain.OwnPermissions(), "close the books", "", "anything") {
			if permissions.Allow(role, p) {
				t.Errorf("%q may %s", role, p)
			}
		}
		if (*domain.Permissions)(nil).Allow(role, "send invoices") {
			t.Errorf("%q may send invoices in an installation without permissions", role)
		}
	}
	for name, wrong := range map[string]map[domain.Permission][]domain.Role{
		"no name":         {"": {domain.RoleOwner}},
		"two lines":       {"send\ninvoices": {domain.RoleOwner}},
		"space around it": {" send invoices": {domain.RoleOwner}},
		"a long name":     {domain.Permission(strings.Repeat("a", 65)): {domain.RoleOwner}},
		"our own name":    {domain.WriteFiles: {domain.RoleViewer}},
		"an unknown role": {"send invoices": {"king"}},
	} {
		_, err := domain.NewPermissions(wrong)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "permissions" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
