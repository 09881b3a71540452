package members

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Change changes the role, the state, the expiry or the reason of a member, and returns
// the membership. A change counts on the member's next request. No member changes a
// role above their own, at the time of the change, nor grants one; nor a membership
// that outlives their own: see [domain.CheckMembershipChange]. A change to what a
// membership is already does nothing.
//
// Change adds no members, because an identity becomes a member by its own consent, or
// by the operator's [Service.Grant].
//
// Errors: [domain.CodeRoleTooLow]; [domain.CodeExpiryTooLate]; [domain.Invalid] on
// field "role", "state", "expiresAt", "reason" or "sub"; [domain.CodeMemberNotFound];
// [domain.CodeTenantNotFound] if by is no member any more, or the tenant is suspended
// since; [domain.CodeLastOwner].
func (s *Service) Change(ctx context.Context, by access.Manager, identity domain.Identity, change domain.MembershipChange) (domain.Membership, error) {
	if err := by.Require(); err != nil {
		return domain.Membership{}, err
	}
	if change.ExpiresAt != nil {
		if err := s.checkExpiry(*change.ExpiresAt); err != nil {
			return domain.Membership{}, err
		}
	}
	var err error
	if change.Reason, err = parseReason(change.Reason); err != nil {
		return domain.Membership{}, err
	}
	request := ports.MemberChange{Tenant: by.Tenant(), Member: identity, By: by.Actor(), MembershipChange: change}
	if err := request.Validate(); err != nil {
		return domain.Membership{}, err
	}
	return s.Changer.Change(ctx, request)
}

// parseReason returns the one form of a reason that may be empty.
func parseReason(reason *string) (*string, error) {
	if reason == nil || *reason == "" {
		return reason, nil
	}
	parsed, err := domain.ParseReason(*reason)
	return &parsed, err
}

// Remove ends the membership of an identity, under the rules of [Service.Change]. The
// reason may be empty. An identity that is no member is [domain.CodeMemberNotFound].
func (s *Service) Remove(ctx context.Context, by access.Manager, identity domain.Identity, reason string) error {
	if err := by.Require(); err != nil {
		return err
	}
	parsed, err := parseReason(&reason)
	if err != nil {
		return err
	}
	request := ports.MemberRemoval{Tenant: by.Tenant(), Member: identity, By: by.Actor(), Reason: *parsed}
	if err := request.Validate(); err != nil {
		return err
	}
	return s.Changer.Remove(ctx, request)
}

// Leave ends the member's own membership, whatever the role.
//
// Errors: [domain.CodeLastOwner]; [domain.CodeTenantNotFound] if the member left
// already, or the tenant is suspended since.
func (s *Service) Leave(ctx context.Context, member access.Member) error {
	if member.IsZero() {
		return domain.Errorf(domain.Forbidden, "only a member may leave the tenant")
	}
	request := ports.MemberRemoval{Tenant: member.Tenant(), Member: member.Identity(), By: domain.UserActor(member.Identity())}
	if err := request.Validate(); err != nil {
		return err
	}
	return s.Changer.Remove(ctx, request)
}
