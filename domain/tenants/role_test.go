package tenants_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

func TestTheOperatorGivesRoles(t *testing.T) {
	registry := &memory.Registry{}
	service := &tenants.Service{Members: registry}
	acme := domain.Must(domain.ParseTenantID("acme"))
	ada, bob := domain.Must(domain.NewIdentity("test", "ada")), domain.Must(domain.NewIdentity("test", "bob"))
	domain.Must(registry.Create(t.Context(), ports.NewTenant{ID: acme, Owner: ada}))

	if err := service.SetRole(t.Context(), tenants.Operator{}, acme, bob, domain.RoleViewer); !errors.Is(err, domain.Forbidden) {
		t.Errorf("without a proof: %v", err)
	}
	if _, err := service.Admit(t.Context(), bob, acme); err == nil {
		t.Error("bob is a member all the same")
	}
	if err := service.SetRole(t.Context(), service.Installation(), acme, bob, domain.RoleViewer); err != nil {
		t.Fatal(err)
	}
	if member, err := service.Admit(t.Context(), bob, acme); err != nil || member.Role() != domain.RoleViewer {
		t.Errorf("bob is %v, %v", member.Role(), err)
	}
	if err := service.SetRole(t.Context(), service.Installation(), acme, ada, ""); !errors.Is(err, domain.CodeLastOwner) {
		t.Errorf("the last owner leaves: %v", err)
	}
}

func TestAdminsManageMembers(t *testing.T) {
	h := newHouse()
	kept := &trail{}
	h.Audit = kept
	acme, owner := tenantID("acme"), h.caller("ada@example.com")
	h.owned(t, "acme", owner)
	kept.entries = nil
	in := func(role domain.Role) tenants.Member {
		who := h.caller("a-" + string(role) + "@example.com").Identity
		h.put(t, acme, who, role)
		return domain.Must(h.Admit(t.Context(), who, acme))
	}
	admin, member, viewer := in(domain.RoleAdmin), in(domain.RoleMember), in(domain.RoleViewer)
	ada := domain.Must(h.Admit(t.Context(), owner.Identity, acme))
	stranger := h.caller("eve@example.com").Identity

	for name, c := range map[string]struct {
		by   tenants.Member
		who  domain.Identity
		role domain.Role
		want error
	}{
		"the zero Member":                {tenants.Member{}, viewer.Identity(), domain.RoleMember, domain.Forbidden},
		"the zero Member, who leaves":    {tenants.Member{}, domain.Identity{}, "", domain.Forbidden},
		"a member":                       {member, viewer.Identity(), domain.RoleMember, domain.Forbidden},
		"a viewer, who promotes himself": {viewer, viewer.Identity(), domain.RoleAdmin, domain.Forbidden},
		"an admin, to an owner":          {admin, viewer.Identity(), domain.RoleOwner, domain.CodeRoleTooLow},
		"an admin, of an owner":          {admin, ada.Identity(), domain.RoleViewer, domain.CodeRoleTooLow},
		"an admin, of a stranger":        {admin, stranger, domain.RoleViewer, domain.CodeMemberNotFound},
		"an admin, of nobody":            {admin, domain.Identity{}, domain.RoleViewer, domain.Invalid},
		"an admin, to no role":           {admin, viewer.Identity(), "king", domain.Invalid},
		"the last owner, who leaves":     {ada, ada.Identity(), "", domain.CodeLastOwner},
	} {
		if err := h.ChangeRole(t.Context(), c.by, c.who, c.role); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if len(kept.entries) != 0 {
		t.Errorf("a refused change is audited: %+v", kept.entries)
	}
	for _, err := range []error{
		h.ChangeRole(t.Context(), admin, viewer.Identity(), domain.RoleAdmin),
		h.ChangeRole(t.Context(), member, member.Identity(), ""),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []ports.AuditEntry{
		{Action: ports.MemberRoleChanged, Tenant: acme, Actor: ports.Actor{Identity: admin.Identity()}, Member: viewer.Identity(), Role: domain.RoleAdmin},
		{Action: ports.MemberRoleChanged, Tenant: acme, Actor: ports.Actor{Identity: member.Identity()}, Member: member.Identity()},
	}
	if !slices.Equal(kept.entries, want) {
		t.Errorf("got  %+v\nwant %+v", kept.entries, want)
	}
}

// The proof of a role is as old as the request: the store has the last word.
func TestAnAdminWhoIsDemotedDuringTheRequestChangesNothing(t *testing.T) {
	h := newHouse()
	acme, bob, eve := tenantID("acme"), h.caller("bob@example.com").Identity, h.caller("eve@example.com").Identity
	h.owned(t, "acme", h.caller("ada@example.com"))
	h.put(t, acme, bob, domain.RoleAdmin)
	h.put(t, acme, eve, domain.RoleViewer)
	admin := domain.Must(h.Admit(t.Context(), bob, acme))

	h.put(t, acme, bob, domain.RoleMember)
	if err := h.ChangeRole(t.Context(), admin, eve, domain.RoleAdmin); !errors.Is(err, domain.Forbidden) {
		t.Errorf("demoted: %v", err)
	}
	h.put(t, acme, bob, "")
	for _, who := range []domain.Identity{eve, bob} {
		if err := h.ChangeRole(t.Context(), admin, who, ""); !errors.Is(err, domain.CodeTenantNotFound) {
			t.Errorf("removed: %v", err)
		}
	}
	if member, err := h.Admit(t.Context(), eve, acme); err != nil || member.Role() != domain.RoleViewer {
		t.Errorf("eve is %v, %v", member.Role(), err)
	}
}

// put has the registry give who the role.
func (h *house) put(t *testing.T, id domain.TenantID, who domain.Identity, role domain.Role) {
	t.Helper()
	change := ports.RoleChange{Tenant: id, Member: who, Role: role, By: ports.Actor{Operator: true}}
	if err := h.registry.SetRole(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}
