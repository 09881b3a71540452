package ports_test

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestChangesOfATenantThatLackAPartAreInvalid(t *testing.T) {
	ada := domain.Must(domain.NewIdentity("local", "ada"))
	change := ports.TenantChange{Tenant: domain.Must(domain.ParseTenantID("acme")), By: domain.UserActor(ada)}
	for _, by := range []domain.Actor{domain.UserActor(ada), domain.OperatorActor()} {
		if err := lacking(change, func(c *ports.TenantChange) { c.By = by }); err != nil {
			t.Errorf("by %+v: %v", by, err)
		}
	}
	mustBeInvalid(t, lacking(change, func(c *ports.TenantChange) { c.Tenant = domain.TenantID{} }), "tenantId")
	for _, by := range []domain.Actor{{}, domain.UserActor(domain.Identity{}), {Kind: domain.ActorSystem}, {Kind: "king", Identity: ada}} {
		mustBeInvalid(t, lacking(change, func(c *ports.TenantChange) { c.By = by }), "by")
	}
}
