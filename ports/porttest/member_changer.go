package porttest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// MemberChanger runs the contract of [ports.MemberChanger].
func MemberChanger(t *testing.T, open func(t *testing.T) Tenancy) {
	grantMemberships(t, open)
	t.Run("by an idempotency key", func(t *testing.T) {
		Idempotency(t, func(t *testing.T) Creating { return grantingUnderKeys(t, open) })
	})
	changeMemberships(t, open)
	endMemberships(t, open)
	keepOwners(t, open)
	followRules(t, open)
	changeAtOnce(t, open)
	handOver(t, open)
	heedContext(t, func(ctx context.Context) error {
		_, err := open(t).Changer.Grant(ctx, grant(newTenantID(t, "ctx"), newIdentity(t), domain.RoleViewer))
		return err
	})
}

// grantingUnderKeys grants memberships, of which one that leaves no owner is refused.
func grantingUnderKeys(t *testing.T, open func(t *testing.T) Tenancy) Creating {
	t.Helper()
	x, until := openTeam(t, open), time.Now().Add(time.Hour)
	send := func(who domain.Identity, key *ports.Idempotency) (string, bool, error) {
		granted, err := x.Changer.Grant(t.Context(), ports.MemberGrant{
			Tenant: x.ID, Member: who, Role: domain.RoleViewer, ExpiresAt: until, Reason: "ticket " + unique(), Idempotency: key,
		})
		m := granted.Membership
		return fmt.Sprint(m.Identity, m.Role, m.State, m.CreatedAt, m.ExpiresAt, m.GrantedBy, m.Reason), granted.Replayed, err
	}
	return Creating{
		By: domain.OperatorActor(), Tenant: x.ID,
		Send:   func(key *ports.Idempotency) (string, bool, error) { return send(newIdentity(t), key) },
		Refuse: func(key *ports.Idempotency) error { _, _, err := send(x.Owner, key); return err },
		Count:  func(t *testing.T) int { return len(x.list(t, ports.MemberQuery{Limit: 1000, Role: domain.RoleViewer})) },
	}
}

func grantMemberships(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a grant makes an active member", func(t *testing.T) {
		x, bob, until := openTeam(t, open), newIdentity(t), time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		granted, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: bob, Role: domain.RoleAdmin, ExpiresAt: until, Reason: "ticket 17"})
		mustDo(t, err)
		want := domain.Membership{
			Tenant: x.ID, Identity: bob, Role: domain.RoleAdmin, State: domain.MemberActive, CreatedAt: granted.CreatedAt,
			ExpiresAt: until, GrantedBy: domain.OperatorActor(), Reason: "ticket 17",
		}
		if !granted.Equal(want) {
			t.Errorf("granted %+v, want %+v", granted, want)
		}
		mustBeRecent(t, granted.CreatedAt)
		found := soleTenant(t, x.Tenancy, bob).Membership
		if listed := x.membership(t, bob); !found.Equal(want) || !listed.Equal(want) {
			t.Errorf("found %+v, listed %+v, want %+v", found, listed, want)
		}
	})
	t.Run("a grant to a member changes the membership, and not its start", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleMember)
		before := x.membership(t, bob)
		mustDo(t, x.change(t, domain.OperatorActor(), bob, toState(domain.MemberSuspended)))
		granted, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: bob, Role: domain.RoleViewer, Reason: "again"})
		mustDo(t, err)
		if granted.State != domain.MemberActive || granted.Role != domain.RoleViewer || granted.Reason != "again" || !granted.CreatedAt.Equal(before.CreatedAt) {
			t.Errorf("it was %+v and is %+v", before, granted)
		}
	})
	t.Run("a role in one tenant is none in another", func(t *testing.T) {
		x := openTeam(t, open)
		y := x.another(t)
		bob := x.join(t, domain.RoleAdmin)
		x.mustHave(t, bob, domain.RoleAdmin)
		y.mustHave(t, bob, "")
	})
	t.Run("a tenant that is absent, or has no owner yet, has no members", func(t *testing.T) {
		s, unclaimed := open(t), reservation(t)
		reserve(t, s, unclaimed)
		for _, id := range []domain.TenantID{newTenantID(t, "absent"), unclaimed.ID} {
			_, err := s.Changer.Grant(t.Context(), grant(id, newIdentity(t), domain.RoleOwner))
			mustBe(t, err, domain.CodeTenantNotFound)
		}
	})
	t.Run("the operator changes the members of a suspended tenant", func(t *testing.T) {
		x := openTeam(t, open)
		x.Suspend(t, x.ID)
		bob := x.join(t, domain.RoleAdmin)
		mustDo(t, x.change(t, domain.OperatorActor(), bob, toRole(domain.RoleViewer)))
		x.mustHave(t, bob, domain.RoleViewer)
		mustDo(t, x.change(t, domain.OperatorActor(), bob, toRole("")))
	})
	t.Run("the operator changes no member of a deleted tenant", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleViewer)
		x.mustChange(t, operator, remove)
		_, err := x.Changer.Grant(t.Context(), grant(x.ID, newIdentity(t), domain.RoleViewer))
		mustBe(t, err, domain.CodeTenantNotFound)
		mustBe(t, x.change(t, operator, bob, toRole(domain.RoleAdmin)), domain.CodeTenantNotFound)
		mustBe(t, x.change(t, operator, bob, toRole("")), domain.CodeTenantNotFound)
		x.mustChange(t, operator, restore)
		x.mustHave(t, bob, domain.RoleViewer)
	})
}

func changeMemberships(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a change changes what it names, and returns the membership", func(t *testing.T) {
		x := openTeam(t, open)
		bob, until := x.join(t, domain.RoleMember), time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
		want := x.membership(t, bob)
		admin, suspended, why := domain.RoleAdmin, domain.MemberSuspended, "on leave"
		for _, change := range []domain.MembershipChange{
			{Role: &admin}, {State: &suspended}, {ExpiresAt: &until}, {Reason: &why}, {ExpiresAt: new(time.Time), Reason: new(string)}, {},
		} {
			want = change.Apply(want)
			want.GrantedBy = domain.UserActor(x.Owner)
			got, err := x.Changer.Change(t.Context(), ports.MemberChange{Tenant: x.ID, Member: bob, By: domain.UserActor(x.Owner), MembershipChange: change})
			mustDo(t, err)
			if listed := x.membership(t, bob); !got.Equal(want) || !listed.Equal(want) {
				t.Errorf("got %+v, listed %+v, want %+v", got, listed, want)
			}
		}
	})
	t.Run("the author of a grant changes with the role alone", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleMember)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toState(domain.MemberSuspended)))
		mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toRole(domain.RoleMember)))
		if by := x.membership(t, bob).GrantedBy; by != domain.OperatorActor() {
			t.Errorf("granted by %+v", by)
		}
	})
	t.Run("a suspended member is not admitted until active again", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleAdmin)
		x.mustBeAdmitted(t, bob, true)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toState(domain.MemberSuspended)))
		x.mustBeAdmitted(t, bob, false)
		mustBe(t, x.change(t, domain.UserActor(bob), bob, toState(domain.MemberActive)), domain.CodeTenantNotFound)
		mustBe(t, x.change(t, domain.UserActor(bob), bob, toRole("")), domain.CodeTenantNotFound)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toState(domain.MemberActive)))
		x.mustBeAdmitted(t, bob, true)
	})
	t.Run("an expired member is not admitted until the end is later or none", func(t *testing.T) {
		x := openTeam(t, open)
		bob := newIdentity(t)
		_, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: bob, Role: domain.RoleAdmin, ExpiresAt: time.Now().Add(soon)})
		mustDo(t, err)
		time.Sleep(past)
		x.mustBeAdmitted(t, bob, false)
		mustBe(t, x.change(t, domain.UserActor(bob), bob, toExpiry(time.Time{})), domain.CodeTenantNotFound)
		mustBe(t, x.change(t, domain.UserActor(bob), x.join(t, domain.RoleViewer), toRole(domain.RoleMember)), domain.CodeTenantNotFound)
		for _, at := range []time.Time{time.Now().Add(time.Hour), {}} {
			mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toExpiry(at)))
			x.mustBeAdmitted(t, bob, true)
		}
	})
	t.Run("no member extends a membership beyond the end of their own", func(t *testing.T) {
		x := openTeam(t, open)
		support, bob := newIdentity(t), newIdentity(t)
		end := time.Now().Add(time.Hour)
		for _, who := range []domain.Identity{support, bob} {
			_, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: who, Role: domain.RoleAdmin, ExpiresAt: end})
			mustDo(t, err)
		}
		for _, who := range []domain.Identity{support, bob} {
			for _, later := range []time.Time{end.Add(time.Second), {}} {
				mustBe(t, x.change(t, domain.UserActor(support), who, toExpiry(later)), domain.CodeExpiryTooLate)
			}
		}
		mustDo(t, x.change(t, domain.UserActor(support), bob, toExpiry(end.Add(-time.Minute))))
		mustDo(t, x.change(t, domain.UserActor(support), bob, toExpiry(end)))
		mustDo(t, x.change(t, domain.UserActor(support), x.join(t, domain.RoleViewer), toRole(domain.RoleMember)))
		mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toExpiry(time.Time{})))
	})
}

func endMemberships(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a removed member is not admitted, and cannot be removed again", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleMember)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toRole("")))
		x.mustBeAdmitted(t, bob, false)
		x.mustHave(t, bob, "")
		for _, by := range []domain.Actor{domain.UserActor(x.Owner), domain.OperatorActor()} {
			mustBe(t, x.change(t, by, bob, toRole("")), domain.CodeMemberNotFound)
			mustBe(t, x.change(t, by, bob, toRole(domain.RoleViewer)), domain.CodeMemberNotFound)
		}
	})
	t.Run("a member who joins again has a new membership", func(t *testing.T) {
		x := openTeam(t, open)
		bob := newIdentity(t)
		_, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: bob, Role: domain.RoleAdmin, ExpiresAt: time.Now().Add(time.Hour), Reason: "support"})
		mustDo(t, err)
		mustDo(t, x.Emails.SetEmail(t.Context(), bob, newEmail(t)))
		mustDo(t, x.change(t, domain.UserActor(bob), bob, toRole("")))
		x.put(t, bob, domain.RoleViewer)
		if again := x.membership(t, bob); !again.ExpiresAt.IsZero() || again.Reason != "" || again.Email != (domain.Email{}) || again.Role != domain.RoleViewer {
			t.Errorf("it is %+v", again)
		}
	})
}

func keepOwners(t *testing.T, open func(t *testing.T) Tenancy) {
	suspended, soonOver := domain.MemberSuspended, time.Now().Add(time.Hour)
	for name, change := range map[string]domain.MembershipChange{
		"leaves": {}, "steps down": toRole(domain.RoleAdmin), "is suspended": {State: &suspended}, "is to expire": {ExpiresAt: &soonOver},
	} {
		t.Run("an owner "+name+", except the last one", func(t *testing.T) {
			x := openTeam(t, open)
			for _, by := range []domain.Actor{domain.UserActor(x.Owner), domain.OperatorActor()} {
				err := x.change(t, by, x.Owner, change)
				mustBe(t, err, domain.CodeLastOwner)
				mustBe(t, err, domain.Conflict)
			}
			bob := x.join(t, domain.RoleOwner)
			mustDo(t, x.change(t, domain.UserActor(x.Owner), x.Owner, change))
			mustBe(t, x.change(t, domain.UserActor(bob), bob, change), domain.CodeLastOwner)
			x.mustBeAdmitted(t, bob, true)
		})
	}
	t.Run("an owner who is suspended or whose membership expires does not count", func(t *testing.T) {
		x := openTeam(t, open)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), x.join(t, domain.RoleOwner), toState(domain.MemberSuspended)))
		mustDo(t, x.change(t, domain.UserActor(x.Owner), x.join(t, domain.RoleOwner), toExpiry(soonOver)))
		mustBe(t, x.change(t, domain.UserActor(x.Owner), x.Owner, toRole("")), domain.CodeLastOwner)
		_, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: x.Owner, Role: domain.RoleOwner, ExpiresAt: soonOver})
		mustBe(t, err, domain.CodeLastOwner)
	})
	t.Run("a grant of what the last owner is already changes nothing", func(t *testing.T) {
		x := openTeam(t, open)
		before := x.membership(t, x.Owner)
		x.put(t, x.Owner, domain.RoleOwner)
		if after := x.membership(t, x.Owner); !after.Equal(before) {
			t.Errorf("it was %+v and is %+v", before, after)
		}
	})
}
