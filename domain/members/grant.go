package members

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Grant is a membership that the operator grants.
type Grant struct {
	Identity  domain.Identity
	Role      domain.Role
	ExpiresAt time.Time // zero: never
	Reason    string    // 1 to 200 characters, which the owners read
}

// Grant makes an identity an active member of tenant id, for support or at the owners'
// request, and returns the membership. An identity that is a member already gets the
// role, the expiry and the reason. Only the operator, who does not have to be a member,
// may call it. Grant does not check that the identity provider has the identity.
//
// Errors: [domain.Invalid] on field "role", "expiresAt", "reason" or "sub";
// [domain.CodeTenantNotFound], also before the tenant has an owner;
// [domain.CodeLastOwner].
func (s *Service) Grant(ctx context.Context, operator access.Operator, id domain.TenantID, grant Grant) (domain.Membership, error) {
	if err := operator.Require(); err != nil {
		return domain.Membership{}, err
	}
	if err := s.checkExpiry(grant.ExpiresAt); err != nil {
		return domain.Membership{}, err
	}
	reason, err := domain.ParseReason(grant.Reason)
	if err != nil {
		return domain.Membership{}, err
	}
	request := ports.MemberGrant{Tenant: id, Member: grant.Identity, Role: grant.Role, ExpiresAt: grant.ExpiresAt, Reason: reason}
	if err := request.Validate(); err != nil {
		return domain.Membership{}, err
	}
	return s.Changer.Grant(ctx, request)
}
