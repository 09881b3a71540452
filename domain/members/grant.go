package members

import (
	"context"
	"fmt"
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

	IdempotencyKey string // 1 to 255 visible ASCII characters; empty: every request is new
	Route          string // to which the key was sent: on another route, the same key is another one
}

// Grant makes an identity an active member of tenant id, for support or at the owners'
// request, and returns the membership. An identity that is a member already gets the
// role, the expiry and the reason. Only the operator, who does not have to be a member,
// may call it. Grant does not check that the identity provider has the identity.
//
// Errors: [domain.Invalid] on field "role", "expiresAt", "reason", "sub" or
// "idempotencyKey"; [domain.CodeIdempotencyMismatch]; [domain.CodeTenantNotFound], also
// before the tenant has an owner; [domain.CodeLastOwner].
func (s *Service) Grant(ctx context.Context, operator access.Operator, id domain.TenantID, grant Grant) (ports.GrantedMembership, error) {
	if err := operator.Require(); err != nil {
		return ports.GrantedMembership{}, err
	}
	if err := s.checkExpiry(grant.ExpiresAt); err != nil {
		return ports.GrantedMembership{}, err
	}
	reason, err := domain.ParseReason(grant.Reason)
	if err != nil {
		return ports.GrantedMembership{}, err
	}
	request := ports.MemberGrant{Tenant: id, Member: grant.Identity, Role: grant.Role, ExpiresAt: grant.ExpiresAt, Reason: reason}
	if err := request.Validate(); err != nil {
		return ports.GrantedMembership{}, err
	}
	request.Idempotency, err = ports.Idempotency{By: domain.OperatorActor(), Tenant: id, Route: grant.Route, Key: grant.IdempotencyKey}.
		Of(fmt.Sprintf("%q %q %q %d %q", grant.Identity.Provider(), grant.Identity.Subject(), grant.Role, grant.ExpiresAt.UnixMicro(), reason))
	if err != nil {
		return ports.GrantedMembership{}, err
	}
	return s.Changer.Grant(ctx, request)
}
