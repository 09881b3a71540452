package domain_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// in returns the membership in another role, and none for the empty role.
func in(m domain.Membership, role domain.Role) domain.Membership {
	if role == "" {
		return domain.Membership{}
	}
	m.Role = role
	return m
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
				err := domain.CheckMembershipChange(ada, bob, in(bob, to))
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
		if err := domain.CheckMembershipChange(ada, bob, in(bob, c.to)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestEachMemberMayLeaveAndNoneRises(t *testing.T) {
	ada := domain.Membership{Identity: domain.Must(domain.NewIdentity("test", "ada"))}
	for _, role := range []domain.Role{domain.RoleViewer, domain.RoleMember, domain.RoleAdmin, domain.RoleOwner} {
		ada.Role = role
		if err := domain.CheckMembershipChange(ada, ada, domain.Membership{}); err != nil {
			t.Errorf("%s leaves: %v", role, err)
		}
		if err := domain.CheckMembershipChange(ada, ada, in(ada, domain.RoleOwner)); (err == nil) != (role == domain.RoleOwner) {
			t.Errorf("%s becomes an owner: %v", role, err)
		}
	}
	if err := domain.CheckMembershipChange(domain.Membership{}, domain.Membership{}, domain.Membership{}); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("the zero Membership leaves: %v", err)
	}
}

func TestNoMemberGrantsAMembershipThatOutlivesTheirOwn(t *testing.T) {
	never, later, earlier := time.Time{}, noon.Add(time.Hour), noon.Add(-time.Hour)
	ada := domain.Membership{Identity: domain.Must(domain.NewIdentity("test", "ada")), Role: domain.RoleAdmin}
	bob := domain.Membership{Identity: domain.Must(domain.NewIdentity("test", "bob")), Role: domain.RoleViewer}
	for name, c := range map[string]struct {
		by, from, to time.Time
		refused      bool
	}{
		"a lasting member sets no end":           {never, noon, never, false},
		"a lasting member sets an end":           {never, never, noon, false},
		"a temporary member sets no end":         {noon, noon, never, true},
		"a temporary member sets a later end":    {noon, noon, later, true},
		"a temporary member sets their own end":  {noon, earlier, noon, false},
		"a temporary member sets an earlier end": {noon, later, earlier, false},
		"a temporary member brings an end near":  {noon, never, later, false},
		"a temporary member leaves no end alone": {noon, never, never, false},
	} {
		ada.ExpiresAt, bob.ExpiresAt = c.by, c.from
		to := bob
		to.ExpiresAt = c.to
		if err := domain.CheckMembershipChange(ada, bob, to); errors.Is(err, domain.CodeExpiryTooLate) != c.refused || !c.refused && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		self := ada
		self.ExpiresAt = c.from
		if c.by != c.from {
			continue
		}
		to = self
		to.ExpiresAt = c.to
		if err := domain.CheckMembershipChange(self, self, to); errors.Is(err, domain.CodeExpiryTooLate) != c.refused {
			t.Errorf("%s, their own: %v", name, err)
		}
	}
}
