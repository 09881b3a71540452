package porttest

import (
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var allRoles = []domain.Role{domain.RoleOwner, domain.RoleAdmin, domain.RoleMember, domain.RoleViewer, ""}

func followRules(t *testing.T, open func(t *testing.T) Tenancy) {
	t.Run("a member changes the roles that the rule of roles allows, and no other", func(t *testing.T) {
		x := openTeam(t, open)
		for _, byRole := range allRoles {
			by, who := x.join(t, byRole), newIdentity(t)
			for _, from := range allRoles {
				for _, to := range allRoles {
					x.put(t, who, from)
					x.mustFollowTheRule(t, by, who, to)
				}
			}
		}
	})
	t.Run("a member's change of their own role follows the rule of roles", func(t *testing.T) {
		x := openTeam(t, open)
		for _, from := range allRoles {
			for _, to := range allRoles {
				by := x.join(t, from)
				x.mustFollowTheRule(t, by, by, to)
			}
		}
	})
	t.Run("a member with a role in another tenant alone changes nothing", func(t *testing.T) {
		x, theirs := openTeam(t, open), owned(t)
		create(t, x.Tenants, theirs)
		bob := x.join(t, domain.RoleViewer)
		mustBe(t, x.change(t, domain.UserActor(theirs.Owner), bob, toRole(domain.RoleMember)), domain.CodeTenantNotFound)
		mustBe(t, x.change(t, domain.UserActor(theirs.Owner), theirs.Owner, toRole("")), domain.CodeTenantNotFound)
		x.mustHave(t, bob, domain.RoleViewer)
	})
	t.Run("members of a tenant that is absent or suspended change nothing", func(t *testing.T) {
		x := openTeam(t, open)
		owner, bob := domain.UserActor(x.Owner), x.join(t, domain.RoleViewer)
		absent := x
		absent.ID = newTenantID(t, "absent")
		mustBe(t, absent.change(t, owner, bob, toRole(domain.RoleMember)), domain.CodeTenantNotFound)
		x.Suspend(t, x.ID)
		mustBe(t, x.change(t, owner, bob, toRole(domain.RoleMember)), domain.CodeTenantNotFound)
		mustBe(t, x.change(t, domain.UserActor(bob), bob, toRole("")), domain.CodeTenantNotFound)
		x.mustHave(t, bob, domain.RoleViewer)
	})
	t.Run("a member who was demoted grants nothing afterwards", func(t *testing.T) {
		x := openTeam(t, open)
		admin, bob := x.join(t, domain.RoleAdmin), x.join(t, domain.RoleViewer)
		mustDo(t, x.change(t, domain.UserActor(admin), bob, toRole(domain.RoleMember)))
		mustDo(t, x.change(t, domain.UserActor(x.Owner), admin, toRole(domain.RoleMember)))
		mustBe(t, x.change(t, domain.UserActor(admin), bob, toRole(domain.RoleViewer)), domain.Forbidden)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), admin, toRole("")))
		mustBe(t, x.change(t, domain.UserActor(admin), bob, toRole(domain.RoleViewer)), domain.CodeTenantNotFound)
		x.mustHave(t, bob, domain.RoleMember)
	})
}

// mustFollowTheRule fails unless by's change of a role is refused as
// [domain.CheckMembershipChange] refuses it, and made otherwise.
func (x team) mustFollowTheRule(t *testing.T, by, who domain.Identity, to domain.Role) {
	t.Helper()
	actor, before := x.membership(t, by), x.membership(t, who)
	after := before
	after.Role = to
	want, got := domain.CheckMembershipChange(actor, before, after), x.change(t, domain.UserActor(by), who, toRole(to))
	if want == nil {
		mustDo(t, got)
		x.mustHave(t, who, to)
		return
	}
	if got == nil {
		t.Fatalf("the role %q changes %q to %q, want %v", actor.Role, before.Role, to, want)
	}
	mustBe(t, got, domain.KindOf(want))
	if domain.CodeOf(got) != domain.CodeOf(want) {
		t.Errorf("the role %q changes %q to %q: %v, want %v", actor.Role, before.Role, to, got, want)
	}
	x.mustHave(t, who, before.Role)
}

func changeAtOnce(t *testing.T, open func(t *testing.T) Tenancy) {
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
						return x.change(t, domain.UserActor(pair[i]), pair[1-i], toRole(less))
					})
					winner := mustWinOnce(t, errs, domain.Forbidden, domain.CodeTenantNotFound)
					x.mustHave(t, pair[winner], role)
					x.mustHave(t, pair[1-winner], less)
				}
			})
		}
	}
	suspended, soonOver := domain.MemberSuspended, time.Now().Add(time.Hour)
	for name, change := range map[string]domain.MembershipChange{
		"leave": {}, "step down": toRole(domain.RoleMember), "suspend themselves": {State: &suspended}, "let their membership end": {ExpiresAt: &soonOver},
	} {
		t.Run("of owners who all "+name+" at once, one stays an owner", func(t *testing.T) {
			x := openTeam(t, open)
			owners := []domain.Identity{x.Owner}
			for len(owners) < racers {
				owners = append(owners, x.join(t, domain.RoleOwner))
			}
			stayed := 0
			for _, err := range race(func(i int) error { return x.change(t, domain.UserActor(owners[i]), owners[i], change) }) {
				if err != nil {
					mustBe(t, err, domain.CodeLastOwner)
					stayed++
				}
			}
			kept := 0
			for _, m := range x.list(t, ports.MemberQuery{Limit: racers}) {
				if m.KeepsOwnership() {
					kept++
				}
			}
			if stayed != 1 || kept != 1 {
				t.Errorf("%d owners were refused, and %d keep the ownership", stayed, kept)
			}
		})
	}
}

func handOver(t *testing.T, open func(t *testing.T) Tenancy) {
	hand := func(t *testing.T, x team, by, heir domain.Identity, own domain.Role) error {
		_, _, err := x.Changer.HandOver(t.Context(), ports.Handover{Tenant: x.ID, By: by, Heir: heir, OwnRole: own})
		return err
	}
	t.Run("the last owner hands over, and becomes what they choose", func(t *testing.T) {
		for _, own := range []domain.Role{domain.RoleViewer, domain.RoleOwner} {
			x := openTeam(t, open)
			bob := x.join(t, domain.RoleViewer)
			heir, mine, err := x.Changer.HandOver(t.Context(), ports.Handover{Tenant: x.ID, By: x.Owner, Heir: bob, OwnRole: own})
			mustDo(t, err)
			if heir.Role != domain.RoleOwner || heir.GrantedBy != domain.UserActor(x.Owner) || mine.Role != own {
				t.Errorf("the heir is %+v, the former owner %+v", heir, mine)
			}
			if listed := x.membership(t, bob); !listed.Equal(heir) {
				t.Errorf("the heir is listed as %+v, want %+v", listed, heir)
			}
			if listed := x.membership(t, x.Owner); !listed.Equal(mine) {
				t.Errorf("the former owner is listed as %+v, want %+v", listed, mine)
			}
		}
	})
	t.Run("an heir is an active member", func(t *testing.T) {
		x := openTeam(t, open)
		suspended, expired := x.join(t, domain.RoleAdmin), newIdentity(t)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), suspended, toState(domain.MemberSuspended)))
		_, err := x.Changer.Grant(t.Context(), ports.MemberGrant{Tenant: x.ID, Member: expired, Role: domain.RoleAdmin, ExpiresAt: time.Now().Add(soon)})
		mustDo(t, err)
		time.Sleep(past)
		mustBe(t, hand(t, x, x.Owner, newIdentity(t), domain.RoleViewer), domain.CodeMemberNotFound)
		mustBe(t, hand(t, x, x.Owner, suspended, domain.RoleViewer), domain.CodeMemberInactive)
		mustBe(t, hand(t, x, x.Owner, expired, domain.RoleViewer), domain.CodeMemberInactive)
		x.mustHave(t, x.Owner, domain.RoleOwner)
	})
	t.Run("an heir whose membership expires does not replace the last owner", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleAdmin)
		mustDo(t, x.change(t, domain.UserActor(x.Owner), bob, toExpiry(time.Now().Add(time.Hour))))
		mustBe(t, hand(t, x, x.Owner, bob, domain.RoleAdmin), domain.CodeLastOwner)
		mustDo(t, hand(t, x, x.Owner, bob, domain.RoleOwner))
	})
	t.Run("only an owner hands over", func(t *testing.T) {
		x := openTeam(t, open)
		bob := x.join(t, domain.RoleViewer)
		mustBe(t, hand(t, x, x.join(t, domain.RoleAdmin), bob, domain.RoleViewer), domain.Forbidden)
		mustBe(t, hand(t, x, newIdentity(t), bob, domain.RoleViewer), domain.CodeTenantNotFound)
		x.Suspend(t, x.ID)
		mustBe(t, hand(t, x, x.Owner, bob, domain.RoleViewer), domain.CodeTenantNotFound)
		x.mustHave(t, bob, domain.RoleViewer)
	})
	t.Run("of many handovers at once one succeeds", func(t *testing.T) {
		x := openTeam(t, open)
		var heirs [racers]domain.Identity
		for i := range heirs {
			heirs[i] = x.join(t, domain.RoleMember)
		}
		winner := mustWinOnce(t, race(func(i int) error { return hand(t, x, x.Owner, heirs[i], domain.RoleMember) }), domain.Forbidden)
		for i, heir := range heirs {
			x.mustHave(t, heir, map[bool]domain.Role{true: domain.RoleOwner, false: domain.RoleMember}[i == winner])
		}
		x.mustHave(t, x.Owner, domain.RoleMember)
	})
}
