package members_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/ports"
)

var (
	acme = domain.Must(domain.ParseTenantID("acme"))
	ada  = identity("ada")
	noon = time.Date(2026, time.May, 1, 12, 0, 0, 0, time.UTC)
)

func identity(subject string) domain.Identity {
	return domain.Must(domain.NewIdentity("test", subject))
}

// installation has the use cases of members on memory, with the tenant acme that ada
// owns.
type installation struct {
	*members.Service
	db  *memory.DB
	now time.Time
}

// change is an event of a member, without what the store adds.
type change struct {
	kind   domain.EventKind
	actor  domain.Actor
	member domain.EventIdentity
	role   domain.Role
}

// changes returns the events in acme after the first so many.
func (in *installation) changes(t *testing.T, first int) (all []change) {
	t.Helper()
	log := in.db.Events()
	domain.Must(log.Sequence(t.Context()))
	for _, e := range domain.Must(log.Events(t.Context(), ports.EventQuery{Tenant: acme, Limit: 1000}))[first:] {
		var data domain.MemberEventData
		if err := e.Decode(&data); err != nil {
			t.Fatal(err)
		}
		all = append(all, change{e.Kind, e.Actor, data.Member, data.Role})
	}
	return all
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	in := &installation{now: noon}
	clock := func() time.Time { return in.now }
	in.db = &memory.DB{Now: clock}
	in.Service = &members.Service{Lister: in.db.Members(), Changer: in.db.Members(), Now: clock}
	domain.Must(in.db.Tenants().Create(t.Context(), ports.TenantCreation{ID: acme, Owner: ada}))
	return in
}

// admit admits the identity to acme.
func (in *installation) admit(t *testing.T, identity domain.Identity) (access.Member, error) {
	return (&access.Service{Members: in.db.Members()}).Admit(t.Context(), identity, acme)
}

// put grants the identity the role in acme.
func (in *installation) put(t *testing.T, identity domain.Identity, role domain.Role) {
	t.Helper()
	domain.Must(in.db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: acme, Member: identity, Role: role}))
}

// join makes an identity that is named after the role a member.
func (in *installation) join(t *testing.T, role domain.Role) access.Member {
	t.Helper()
	in.put(t, identity(string(role)), role)
	return domain.Must(in.admit(t, identity(string(role))))
}

// manager proves that the identity manages the members of acme.
func (in *installation) manager(t *testing.T, identity domain.Identity) access.Manager {
	t.Helper()
	return domain.Must(domain.Must(in.admit(t, identity)).Manager())
}

func toRole(role domain.Role) domain.MembershipChange { return domain.MembershipChange{Role: &role} }

func TestTheOperatorGrantsAccess(t *testing.T) {
	in := newInstallation(t)
	bob, end := identity("bob"), noon.Add(time.Hour)
	grant := members.Grant{Identity: bob, Role: domain.RoleAdmin, ExpiresAt: end, Reason: " ticket 17 "}

	if _, err := in.Grant(t.Context(), access.Operator{}, acme, grant); !errors.Is(err, domain.Forbidden) {
		t.Errorf("without a proof: %v", err)
	}
	for field, change := range map[string]func(*members.Grant){
		"reason":    func(g *members.Grant) { g.Reason = "" },
		"expiresAt": func(g *members.Grant) { g.ExpiresAt = noon },
		"role":      func(g *members.Grant) { g.Role = "king" },
		"sub":       func(g *members.Grant) { g.Identity = domain.Identity{} },
	} {
		wrong := grant
		change(&wrong)
		_, err := in.Grant(t.Context(), access.Installation(), acme, wrong)
		mustBeInvalid(t, err, field)
	}
	if _, err := in.admit(t, bob); err == nil || len(in.changes(t, 1)) != 0 {
		t.Errorf("a refused grant made bob a member, or left %v", in.changes(t, 1))
	}
	granted, err := in.Grant(t.Context(), access.Installation(), acme, grant)
	if err != nil || granted.Reason != "ticket 17" || granted.GrantedBy != domain.OperatorActor() || !granted.ExpiresAt.Equal(end) {
		t.Fatalf("granted %+v, %v", granted, err)
	}
	if member, err := in.admit(t, bob); err != nil || member.Role() != domain.RoleAdmin {
		t.Errorf("bob is %v, %v", member.Role(), err)
	}
	want := []change{{domain.EventMemberAdded, domain.OperatorActor(), domain.EventIdentityOf(bob), domain.RoleAdmin}}
	if got := in.changes(t, 1); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	in.now = end
	if _, err := in.admit(t, bob); !errors.Is(err, domain.CodeTenantNotFound) {
		t.Errorf("bob after the end: %v", err)
	}
}

func TestTheOperatorManagesMembersUnderTheRuleOfTheLastOwner(t *testing.T) {
	in := newInstallation(t)
	in.put(t, identity("bob"), domain.RoleViewer)
	operator := domain.Must(access.Installation().Manager(acme))
	if _, err := in.Change(t.Context(), operator, identity("bob"), toRole(domain.RoleAdmin)); err != nil {
		t.Error(err)
	}
	if err := in.Remove(t.Context(), operator, identity("bob"), "left the company"); err != nil {
		t.Error(err)
	}
	if err := in.Remove(t.Context(), operator, ada, ""); !errors.Is(err, domain.CodeLastOwner) {
		t.Errorf("the last owner is removed: %v", err)
	}
	if _, err := (access.Operator{}).Manager(acme); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Operator: %v", err)
	}
	if _, err := access.Installation().Manager(domain.TenantID{}); !errors.Is(err, domain.Invalid) {
		t.Errorf("no tenant: %v", err)
	}
}

func TestAdminsManageMembers(t *testing.T) {
	in := newInstallation(t)
	admin, member, viewer := in.join(t, domain.RoleAdmin), in.join(t, domain.RoleMember), in.join(t, domain.RoleViewer)
	manager := in.manager(t, admin.Identity())
	const joined = 1 + 3

	for _, by := range []access.Member{{}, member, viewer} {
		if _, err := by.Manager(); !errors.Is(err, domain.Forbidden) {
			t.Errorf("%s manages members: %v", by.Role(), err)
		}
	}
	for name, c := range map[string]struct {
		by     access.Manager
		target domain.Identity
		change domain.MembershipChange
		want   error
	}{
		"the zero Manager":            {access.Manager{}, viewer.Identity(), toRole(domain.RoleMember), domain.Forbidden},
		"an admin, to an owner":       {manager, viewer.Identity(), toRole(domain.RoleOwner), domain.CodeRoleTooLow},
		"an admin, of an owner":       {manager, ada, toRole(domain.RoleViewer), domain.CodeRoleTooLow},
		"an admin, of a stranger":     {manager, identity("eve"), toRole(domain.RoleViewer), domain.CodeMemberNotFound},
		"an admin, of no identity":    {manager, domain.Identity{}, toRole(domain.RoleViewer), domain.Invalid},
		"an admin, to no role":        {manager, viewer.Identity(), toRole("king"), domain.Invalid},
		"an admin, to a past end":     {manager, viewer.Identity(), domain.MembershipChange{ExpiresAt: &noon}, domain.Invalid},
		"an admin, to the year 10000": {manager, viewer.Identity(), domain.MembershipChange{ExpiresAt: new(time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC))}, domain.Invalid},
		"an admin, for two lines":     {manager, viewer.Identity(), domain.MembershipChange{Reason: new("a\nb")}, domain.Invalid},
	} {
		if _, err := in.Change(t.Context(), c.by, c.target, c.change); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := in.Remove(t.Context(), access.Manager{}, viewer.Identity(), ""); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Manager removes a member: %v", err)
	}
	if got := in.changes(t, joined); len(got) != 0 {
		t.Errorf("refused changes are events: %+v", got)
	}
	changed, err := in.Change(t.Context(), manager, viewer.Identity(), domain.MembershipChange{Role: new(domain.RoleAdmin), Reason: new(" grew ")})
	if err != nil || changed.Role != domain.RoleAdmin || changed.Reason != "grew" || changed.GrantedBy != domain.UserActor(admin.Identity()) {
		t.Errorf("changed to %+v, %v", changed, err)
	}
	if err := in.Leave(t.Context(), member); err != nil {
		t.Error(err)
	}
	want := []change{
		{domain.EventMemberRoleChanged, domain.UserActor(admin.Identity()), domain.EventIdentityOf(viewer.Identity()), domain.RoleAdmin},
		{domain.EventMemberLeft, domain.UserActor(member.Identity()), domain.EventIdentityOf(member.Identity()), ""},
	}
	if got := in.changes(t, joined); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEachMemberMayLeaveExceptTheLastOwner(t *testing.T) {
	in := newInstallation(t)
	if err := in.Leave(t.Context(), access.Member{}); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Member: %v", err)
	}
	for _, role := range []domain.Role{domain.RoleViewer, domain.RoleMember, domain.RoleAdmin, domain.RoleOwner} {
		member := in.join(t, role)
		if err := in.Leave(t.Context(), member); err != nil {
			t.Errorf("%s leaves: %v", role, err)
		}
		if err := in.Leave(t.Context(), member); !errors.Is(err, domain.CodeTenantNotFound) {
			t.Errorf("%s leaves again: %v", role, err)
		}
	}
	if err := in.Leave(t.Context(), domain.Must(in.admit(t, ada))); !errors.Is(err, domain.CodeLastOwner) {
		t.Errorf("the last owner leaves: %v", err)
	}
}

func TestAnOwnerHandsTheTenantOver(t *testing.T) {
	in := newInstallation(t)
	owner, bob := domain.Must(in.admit(t, ada)), identity("bob")
	in.put(t, bob, domain.RoleViewer)
	for name, c := range map[string]struct {
		by   access.Member
		heir domain.Identity
		role domain.Role
		want error
	}{
		"the zero Member": {access.Member{}, bob, domain.RoleViewer, domain.Forbidden},
		"an admin":        {in.join(t, domain.RoleAdmin), bob, domain.RoleViewer, domain.Forbidden},
		"to oneself":      {owner, ada, domain.RoleViewer, domain.Invalid},
		"for no role":     {owner, bob, "", domain.Invalid},
		"to a stranger":   {owner, identity("eve"), domain.RoleViewer, domain.CodeMemberNotFound},
	} {
		if _, _, err := in.HandOver(t.Context(), c.by, c.heir, c.role); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	heir, own, err := in.HandOver(t.Context(), owner, bob, domain.RoleMember)
	if err != nil || heir.Role != domain.RoleOwner || own.Role != domain.RoleMember {
		t.Errorf("got %+v, %+v, %v", heir, own, err)
	}
	if got := in.changes(t, 3); len(got) != 1 || got[0].kind != domain.EventTenantHandedOver || got[0].actor != domain.UserActor(ada) {
		t.Errorf("got %+v", got)
	}
}

func TestMembersAreListedPageByPage(t *testing.T) {
	in := newInstallation(t)
	for _, subject := range []string{"b", "c", "d", "e"} {
		in.put(t, identity(subject), domain.RoleViewer)
	}
	manager := in.manager(t, ada)
	var got []string
	for after := (domain.Identity{}); ; {
		page, err := in.List(t.Context(), manager, members.Filter{}, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Members {
			got = append(got, m.Identity.Subject())
		}
		if after = page.Next; after.IsZero() {
			break
		}
	}
	if !slices.Equal(got, []string{"ada", "b", "c", "d", "e"}) {
		t.Errorf("got %v", got)
	}
	page, err := in.List(t.Context(), manager, members.Filter{Role: domain.RoleViewer, State: domain.MemberActive, Text: "C"}, domain.Identity{}, 0)
	if err != nil || len(page.Members) != 1 || page.Members[0].Identity != identity("c") || !page.Next.IsZero() {
		t.Errorf("filtered: %+v, %v", page, err)
	}
	if _, err := in.List(t.Context(), access.Manager{}, members.Filter{}, domain.Identity{}, 0); !errors.Is(err, domain.Forbidden) {
		t.Errorf("the zero Manager: %v", err)
	}
	for field, c := range map[string]struct {
		filter members.Filter
		limit  int
	}{
		"limit": {members.Filter{}, 201},
		"role":  {members.Filter{Role: "king"}, 1},
		"state": {members.Filter{State: "asleep"}, 1},
		"q":     {members.Filter{Text: strings.Repeat("a", 255)}, 1},
	} {
		_, err := in.List(t.Context(), manager, c.filter, domain.Identity{}, c.limit)
		mustBeInvalid(t, err, field)
	}
	for _, text := range []string{"a\x00b", "\xff", "a\n"} {
		_, err := in.List(t.Context(), manager, members.Filter{Text: text}, domain.Identity{}, 1)
		mustBeInvalid(t, err, "q")
	}
	_, err = in.List(t.Context(), manager, members.Filter{}, domain.Identity{}, -1)
	mustBeInvalid(t, err, "limit")
}

// The proof of a role is as old as the request, so the store checks the role again.
func TestAnAdminWhoIsDemotedDuringTheRequestChangesNothing(t *testing.T) {
	in := newInstallation(t)
	bob, eve := identity("bob"), identity("eve")
	in.put(t, bob, domain.RoleAdmin)
	in.put(t, eve, domain.RoleViewer)
	admin, manager := domain.Must(in.admit(t, bob)), in.manager(t, bob)

	in.put(t, bob, domain.RoleMember)
	if _, err := in.Change(t.Context(), manager, eve, toRole(domain.RoleAdmin)); !errors.Is(err, domain.Forbidden) {
		t.Errorf("demoted: %v", err)
	}
	if err := in.Leave(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	for _, identity := range []domain.Identity{eve, bob} {
		if err := in.Remove(t.Context(), manager, identity, ""); !errors.Is(err, domain.CodeTenantNotFound) {
			t.Errorf("removed: %v", err)
		}
	}
	if member, err := in.admit(t, eve); err != nil || member.Role() != domain.RoleViewer {
		t.Errorf("eve is %v, %v", member.Role(), err)
	}
}

func mustBeInvalid(t *testing.T, err error, field string) {
	t.Helper()
	if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field {
		t.Errorf("got %v, want an invalid %s", err, field)
	}
}
