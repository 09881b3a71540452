package members

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// HandOver makes another active member an owner, and gives the owner who hands over
// the role ownRole, in one step. It returns both memberships.
//
// Errors: [domain.Forbidden] to a member who is no owner; [domain.Invalid] on field
// "sub" or "role"; [domain.CodeMemberNotFound] or [domain.CodeMemberInactive] of the
// heir; [domain.CodeLastOwner] if the heir's membership expires;
// [domain.CodeTenantNotFound] if owner is no member any more, or the tenant is
// suspended since.
func (s *Service) HandOver(ctx context.Context, owner access.Member, heir domain.Identity, ownRole domain.Role) (heirs, own domain.Membership, err error) {
	if err := owner.Require(domain.ManageTenant); err != nil {
		return domain.Membership{}, domain.Membership{}, err
	}
	request := ports.Handover{Tenant: owner.Tenant(), By: owner.Identity(), Heir: heir, OwnRole: ownRole}
	if err := request.Validate(); err != nil {
		return domain.Membership{}, domain.Membership{}, err
	}
	return s.Changer.HandOver(ctx, request)
}
