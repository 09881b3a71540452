package tenants

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// SetRole gives who the role in tenant id, and makes them a member if they
// weren't; the empty role ends the membership. It is the operator's, who needn't
// be a member. Nobody looks whether the identity provider knows who.
//
// Errors: [domain.Forbidden] without a proof; [domain.Invalid] on field "role";
// [domain.CodeTenantNotFound], also before the tenant has an owner;
// [domain.CodeLastOwner].
func (s *Service) SetRole(ctx context.Context, operator Operator, id domain.TenantID, who domain.Identity, role domain.Role) error {
	if err := operator.require(); err != nil {
		return err
	}
	if err := s.Members.SetRole(ctx, id, who, role); err != nil {
		return err
	}
	s.record(ctx, ports.AuditEntry{Action: ports.MemberRoleChanged, Tenant: id, Actor: ports.Actor{Operator: true}, Member: who, Role: role})
	return nil
}
