package porttest

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// grant returns the operator's grant of a role.
func grant(id domain.TenantID, member domain.Identity, role domain.Role) ports.MemberGrant {
	return ports.MemberGrant{Tenant: id, Member: member, Role: role}
}

// setRole makes the identity a member in the role by the operator; the empty role ends
// its membership.
func (s Tenancy) setRole(t *testing.T, id domain.TenantID, member domain.Identity, role domain.Role) error {
	t.Helper()
	if role == "" {
		return s.Changer.Remove(t.Context(), ports.MemberRemoval{Tenant: id, Member: member, By: domain.OperatorActor()})
	}
	_, err := s.Changer.Grant(t.Context(), grant(id, member, role))
	return err
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

// another returns another tenant of the same registry.
func (x team) another(t *testing.T) team {
	t.Helper()
	y := team{x.Tenancy, owned(t)}
	create(t, y.Tenants, y.TenantCreation)
	return y
}

// join returns a new identity that has the role; the empty role is none.
func (x team) join(t *testing.T, role domain.Role) domain.Identity {
	t.Helper()
	who := newIdentity(t)
	x.put(t, who, role)
	return who
}

// put makes the identity an active member in the role; the empty role is none.
func (x team) put(t *testing.T, who domain.Identity, role domain.Role) {
	t.Helper()
	if role == "" && x.membership(t, who).IsZero() {
		return
	}
	mustDo(t, x.setRole(t, x.ID, who, role))
}

// change changes a membership; the zero change ends it.
func (x team) change(t *testing.T, by domain.Actor, who domain.Identity, change domain.MembershipChange) error {
	if change == (domain.MembershipChange{}) {
		return x.Changer.Remove(t.Context(), ports.MemberRemoval{Tenant: x.ID, Member: who, By: by})
	}
	_, err := x.Changer.Change(t.Context(), ports.MemberChange{Tenant: x.ID, Member: who, By: by, MembershipChange: change})
	return err
}

// toRole returns the change to the role; the empty role ends the membership.
func toRole(role domain.Role) domain.MembershipChange {
	if role == "" {
		return domain.MembershipChange{}
	}
	return domain.MembershipChange{Role: &role}
}

func toState(state domain.MemberState) domain.MembershipChange {
	return domain.MembershipChange{State: &state}
}

func toExpiry(at time.Time) domain.MembershipChange {
	return domain.MembershipChange{ExpiresAt: &at}
}

// membership returns the identity's membership, whatever its condition, and the zero
// Membership of no member.
func (x team) membership(t *testing.T, who domain.Identity) domain.Membership {
	t.Helper()
	for _, m := range x.list(t, ports.MemberQuery{Limit: 1000}) {
		if m.Identity == who {
			return m
		}
	}
	return domain.Membership{}
}

func (x team) list(t *testing.T, query ports.MemberQuery) []domain.Membership {
	t.Helper()
	query.Tenant = x.ID
	members, err := x.Lister.List(t.Context(), query)
	mustDo(t, err)
	return members
}

// mustHave fails unless the identity's membership, whatever its condition, has the
// role; the empty role is none.
func (x team) mustHave(t *testing.T, who domain.Identity, want domain.Role) {
	t.Helper()
	if got := x.membership(t, who).Role; got != want {
		t.Errorf("the role is %q, want %q", got, want)
	}
}

// mustBeAdmitted fails unless the store finds the identity's membership, if want is
// true, or does not find it.
func (x team) mustBeAdmitted(t *testing.T, who domain.Identity, want bool) {
	t.Helper()
	_, err := x.Members.Find(t.Context(), who, x.ID)
	found, listErr := x.Members.Memberships(t.Context(), who, 10)
	mustDo(t, listErr)
	if (err == nil) != want || (len(found) > 0) != want {
		t.Errorf("found %v, listed %d memberships; want admission %v", err, len(found), want)
	}
	if err != nil {
		mustBe(t, err, domain.CodeTenantNotFound)
	}
}
