package tenants_test

import (
	"errors"
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
