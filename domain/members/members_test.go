package members_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/members"
	"github.com/partywall-go/partywall/ports"
)

var (
	acme = domain.Must(domain.ParseTenantID("acme"))
	ada  = identity("ada")
)

func identity(subject string) domain.Identity {
	return domain.Must(domain.NewIdentity("test", subject))
}

// installation has the use cases of members on memory, with the tenant acme that ada
// owns.
type installation struct {
	*members.Service
	db    *memory.DB
	trail *trail
}

// trail keeps the entries of the audit log in order.
type trail struct{ entries []ports.AuditEntry }

func (a *trail) Record(_ context.Context, entry ports.AuditEntry) {
	a.entries = append(a.entries, entry)
}

func newInstallation(t *testing.T) installation {
	t.Helper()
	db, kept := &memory.DB{}, &trail{}
	domain.Must(db.Tenants().Create(t.Context(), ports.TenantCreation{ID: acme, Owner: ada}))
	return installation{&members.Service{Members: db.Members(), Audit: kept}, db, kept}
}

// Admit admits the identity to the tenant.
func (in installation) Admit(ctx context.Context, identity domain.Identity, id domain.TenantID) (access.Member, error) {
	return (&access.Service{Members: in.db.Members()}).Admit(ctx, identity, id)
}

// put grants the identity the role in acme, without an entry in the audit log.
func (in installation) put(t *testing.T, identity domain.Identity, role domain.Role) {
	t.Helper()
	change := ports.RoleChange{Tenant: acme, Member: identity, Role: role, By: ports.Actor{Operator: true}}
	if err := in.db.Members().SetRole(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func TestTheOperatorGrantsRoles(t *testing.T) {
	in := newInstallation(t)
	bob := identity("bob")

	if err := in.SetRole(t.Context(), access.Operator{}, acme, bob, domain.RoleViewer); !errors.Is(err, domain.Forbidden) {
		t.Errorf("without a proof: %v", err)
	}
	if _, err := in.Admit(t.Context(), bob, acme); err == nil {
		t.Error("bob became a member")
	}
	if err := in.SetRole(t.Context(), access.Installation(), acme, bob, domain.RoleViewer); err != nil {
		t.Fatal(err)
	}
	if member, err := in.Admit(t.Context(), bob, acme); err != nil || member.Role() != domain.RoleViewer {
		t.Errorf("bob is %v, %v", member.Role(), err)
	}
	want := ports.AuditEntry{Action: ports.MemberRoleChanged, Tenant: acme, Actor: ports.Actor{Operator: true}, Member: bob, Role: domain.RoleViewer}
	if !slices.Equal(in.trail.entries, []ports.AuditEntry{want}) {
		t.Errorf("audited: %+v", in.trail.entries)
	}
	if err := in.SetRole(t.Context(), access.Installation(), acme, ada, ""); !errors.Is(err, domain.CodeLastOwner) {
		t.Errorf("the last owner leaves: %v", err)
	}
}

func TestAdminsManageMembers(t *testing.T) {
	in := newInstallation(t)
	join := func(role domain.Role) access.Member {
		in.put(t, identity(string(role)), role)
		return domain.Must(in.Admit(t.Context(), identity(string(role)), acme))
	}
	admin, member, viewer := join(domain.RoleAdmin), join(domain.RoleMember), join(domain.RoleViewer)
	owner := domain.Must(in.Admit(t.Context(), ada, acme))
	stranger := identity("eve")

	for name, c := range map[string]struct {
		by     access.Member
		target domain.Identity
		role   domain.Role
		want   error
	}{
		"the zero Member":             {access.Member{}, viewer.Identity(), domain.RoleMember, domain.Forbidden},
		"the zero Member, who leaves": {access.Member{}, domain.Identity{}, "", domain.Forbidden},
		"a member":                    {member, viewer.Identity(), domain.RoleMember, domain.Forbidden},
		"a viewer, their own":         {viewer, viewer.Identity(), domain.RoleAdmin, domain.Forbidden},
		"an admin, to an owner":       {admin, viewer.Identity(), domain.RoleOwner, domain.CodeRoleTooLow},
		"an admin, of an owner":       {admin, owner.Identity(), domain.RoleViewer, domain.CodeRoleTooLow},
		"an admin, of a stranger":     {admin, stranger, domain.RoleViewer, domain.CodeMemberNotFound},
		"an admin, of no identity":    {admin, domain.Identity{}, domain.RoleViewer, domain.Invalid},
		"an admin, to no role":        {admin, viewer.Identity(), "king", domain.Invalid},
		"the last owner, who leaves":  {owner, owner.Identity(), "", domain.CodeLastOwner},
	} {
		if err := in.ChangeRole(t.Context(), c.by, c.target, c.role); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if len(in.trail.entries) != 0 {
		t.Errorf("a refused change is audited: %+v", in.trail.entries)
	}
	for _, err := range []error{
		in.ChangeRole(t.Context(), admin, viewer.Identity(), domain.RoleAdmin),
		in.ChangeRole(t.Context(), member, member.Identity(), ""),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []ports.AuditEntry{
		{Action: ports.MemberRoleChanged, Tenant: acme, Actor: ports.Actor{Identity: admin.Identity()}, Member: viewer.Identity(), Role: domain.RoleAdmin},
		{Action: ports.MemberRoleChanged, Tenant: acme, Actor: ports.Actor{Identity: member.Identity()}, Member: member.Identity()},
	}
	if !slices.Equal(in.trail.entries, want) {
		t.Errorf("got  %+v\nwant %+v", in.trail.entries, want)
	}
}

// The proof of a role is as old as the request, so the store checks the role again.
func TestAnAdminWhoIsDemotedDuringTheRequestChangesNothing(t *testing.T) {
	in := newInstallation(t)
	bob, eve := identity("bob"), identity("eve")
	in.put(t, bob, domain.RoleAdmin)
	in.put(t, eve, domain.RoleViewer)
	admin := domain.Must(in.Admit(t.Context(), bob, acme))

	in.put(t, bob, domain.RoleMember)
	if err := in.ChangeRole(t.Context(), admin, eve, domain.RoleAdmin); !errors.Is(err, domain.Forbidden) {
		t.Errorf("demoted: %v", err)
	}
	in.put(t, bob, "")
	for _, identity := range []domain.Identity{eve, bob} {
		if err := in.ChangeRole(t.Context(), admin, identity, ""); !errors.Is(err, domain.CodeTenantNotFound) {
			t.Errorf("removed: %v", err)
		}
	}
	if member, err := in.Admit(t.Context(), eve, acme); err != nil || member.Role() != domain.RoleViewer {
		t.Errorf("eve is %v, %v", member.Role(), err)
	}
}
