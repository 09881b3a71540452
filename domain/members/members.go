// Package members has the use cases of a tenant's members: their roles, and the end
// of a membership.
package members

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Service changes memberships.
//
// Besides the errors that its methods name, a zero ID or identity returns
// [domain.Invalid], and an unavailable store [domain.CodeDatabaseUnavailable].
type Service struct {
	Members ports.MemberStore
	Audit   ports.Audit // nil: no entries are kept
}

// SetRole grants the identity the role in tenant id, and makes it a member if it is
// none; the empty role ends the membership. Only the operator, who does not have to be
// a member, may call it. SetRole does not check that the identity provider has the
// identity.
//
// Errors: [domain.Forbidden] without a proof; [domain.Invalid] on field "role";
// [domain.CodeTenantNotFound], also before the tenant has an owner;
// [domain.CodeLastOwner].
func (s *Service) SetRole(ctx context.Context, operator access.Operator, id domain.TenantID, identity domain.Identity, role domain.Role) error {
	if err := operator.Require(); err != nil {
		return err
	}
	return s.setRole(ctx, ports.RoleChange{Tenant: id, Member: identity, Role: role, By: ports.Actor{Operator: true}})
}

// ChangeRole grants a member of by's tenant another role; the empty role ends the
// membership. It requires [domain.ManageMembers], unless by leaves the tenant. Neither
// role may be above by's own at the time of the change: see [domain.CheckRoleChange].
// ChangeRole adds no members, because an identity becomes a member by its own consent,
// or by the operator's SetRole.
//
// Errors: [domain.Forbidden] without the permission; [domain.CodeRoleTooLow];
// [domain.Invalid] on field "role" or "sub"; [domain.CodeMemberNotFound];
// [domain.CodeTenantNotFound] if by is no member any more, or the tenant is suspended
// since; [domain.CodeLastOwner].
func (s *Service) ChangeRole(ctx context.Context, by access.Member, identity domain.Identity, role domain.Role) error {
	leaves := role == "" && identity == by.Identity()
	if by.IsZero() || !leaves {
		if err := by.Require(domain.ManageMembers); err != nil {
			return err
		}
	}
	return s.setRole(ctx, ports.RoleChange{Tenant: by.Tenant(), Member: identity, Role: role, By: ports.Actor{Identity: by.Identity()}})
}

func (s *Service) setRole(ctx context.Context, change ports.RoleChange) error {
	if err := s.Members.SetRole(ctx, change); err != nil {
		return err
	}
	ports.Record(ctx, s.Audit, ports.AuditEntry{
		Action: ports.MemberRoleChanged,
		Tenant: change.Tenant,
		Actor:  change.By,
		Member: change.Member,
		Role:   change.Role,
	})
	return nil
}
