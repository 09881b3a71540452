package tenants

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// SetRole grants the identity who the role in tenant id, and makes it a member if
// it is none; the empty role ends the membership. Only the operator, who need not be
// a member, may call it. SetRole does not check that the identity provider has who.
//
// Errors: [domain.Forbidden] without a proof; [domain.Invalid] on field "role";
// [domain.CodeTenantNotFound], also before the tenant has an owner;
// [domain.CodeLastOwner].
func (s *Service) SetRole(ctx context.Context, operator Operator, id domain.TenantID, who domain.Identity, role domain.Role) error {
	if err := operator.require(); err != nil {
		return err
	}
	return s.setRole(ctx, ports.RoleChange{Tenant: id, Member: who, Role: role, By: ports.Actor{Operator: true}})
}

// ChangeRole grants the member who of by's tenant another role; the empty role ends
// the membership. It requires [domain.ManageMembers], unless by leaves the tenant.
// Neither role may be above by's own, as it is when the change is made: see
// [domain.CheckRoleChange]. ChangeRole adds no members, because an identity becomes a
// member by its own consent, or by the operator's SetRole.
//
// Errors: [domain.Forbidden] without the permission; [domain.CodeRoleTooLow];
// [domain.Invalid] on field "role" or "sub"; [domain.CodeMemberNotFound];
// [domain.CodeTenantNotFound] if by is no member any more, or the tenant is suspended
// since; [domain.CodeLastOwner].
func (s *Service) ChangeRole(ctx context.Context, by Member, who domain.Identity, role domain.Role) error {
	leaves := role == "" && who == by.identity
	if by == (Member{}) || !leaves {
		if err := by.Require(domain.ManageMembers); err != nil {
			return err
		}
	}
	return s.setRole(ctx, ports.RoleChange{Tenant: by.tenant, Member: who, Role: role, By: ports.Actor{Identity: by.identity}})
}

func (s *Service) setRole(ctx context.Context, change ports.RoleChange) error {
	if err := s.Members.SetRole(ctx, change); err != nil {
		return err
	}
	s.record(ctx, ports.AuditEntry{
		Action: ports.MemberRoleChanged,
		Tenant: change.Tenant,
		Actor:  change.By,
		Member: change.Member,
		Role:   change.Role,
	})
	return nil
}
