package ports_test

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

func TestChangesOfAMembershipThatLackAPartAreInvalid(t *testing.T) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	ada, bob := domain.Must(domain.NewIdentity("local", "ada")), domain.Must(domain.NewIdentity("local", "bob"))
	king, asleep := domain.Role("king"), domain.MemberState("asleep")
	grant := ports.MemberGrant{Tenant: acme, Member: bob, Role: domain.RoleViewer}
	change := ports.MemberChange{Tenant: acme, Member: bob, By: domain.UserActor(ada), MembershipChange: grant.Change()}
	removal := ports.MemberRemoval{Tenant: acme, Member: bob, By: domain.OperatorActor()}
	handover := ports.Handover{Tenant: acme, By: ada, Heir: bob, OwnRole: domain.RoleAdmin}
	for _, complete := range []interface{ Validate() error }{grant, change, removal, handover} {
		if err := complete.Validate(); err != nil {
			t.Errorf("%+v: %v", complete, err)
		}
	}
	mustBeInvalid(t, lacking(grant, func(g *ports.MemberGrant) { g.Tenant = domain.TenantID{} }), "tenantId")
	mustBeInvalid(t, lacking(grant, func(g *ports.MemberGrant) { g.Member = domain.Identity{} }), "sub")
	mustBeInvalid(t, lacking(grant, func(g *ports.MemberGrant) { g.Role = "" }), "role")
	mustBeInvalid(t, lacking(change, func(c *ports.MemberChange) { c.Tenant = domain.TenantID{} }), "tenantId")
	mustBeInvalid(t, lacking(change, func(c *ports.MemberChange) { c.Member = domain.Identity{} }), "sub")
	mustBeInvalid(t, lacking(change, func(c *ports.MemberChange) { c.By = domain.Actor{} }), "by")
	mustBeInvalid(t, lacking(change, func(c *ports.MemberChange) { c.By = domain.UserActor(domain.Identity{}) }), "by")
	mustBeInvalid(t, lacking(change, func(c *ports.MemberChange) { c.Role = &king }), "role")
	mustBeInvalid(t, lacking(change, func(c *ports.MemberChange) { c.State = &asleep }), "state")
	mustBeInvalid(t, lacking(removal, func(r *ports.MemberRemoval) { r.Tenant = domain.TenantID{} }), "tenantId")
	mustBeInvalid(t, lacking(removal, func(r *ports.MemberRemoval) { r.Member = domain.Identity{} }), "sub")
	mustBeInvalid(t, lacking(removal, func(r *ports.MemberRemoval) { r.By = domain.Actor{} }), "by")
	mustBeInvalid(t, lacking(handover, func(h *ports.Handover) { h.Tenant = domain.TenantID{} }), "tenantId")
	mustBeInvalid(t, lacking(handover, func(h *ports.Handover) { h.Heir = domain.Identity{} }), "sub")
	mustBeInvalid(t, lacking(handover, func(h *ports.Handover) { h.Heir = h.By }), "sub")
	mustBeInvalid(t, lacking(handover, func(h *ports.Handover) { h.By = domain.Identity{} }), "by")
	mustBeInvalid(t, lacking(handover, func(h *ports.Handover) { h.OwnRole = "king" }), "role")
}

// lacking returns the error of a request that was changed.
func lacking[T interface{ Validate() error }](request T, change func(*T)) error {
	change(&request)
	return request.Validate()
}
