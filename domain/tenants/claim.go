package tenants

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// CheckClaim returns nil if token would make its bearer an owner now, and
// [domain.CodeClaimInvalid] on field "claimToken" if not. The claim stays unspent.
func (s *Service) CheckClaim(ctx context.Context, token domain.Secret) error {
	invitation, err := s.Invitations.Peek(ctx, token.Hash())
	if err != nil {
		return onClaimToken(err)
	}
	if !invitation.IsClaim() {
		return errClaimInvalid
	}
	return nil
}

// Claim makes a signed-in caller the first owner of tenant id. Who claimed it
// before with the same token gets the same answer. A token that is unknown,
// spent, expired, or another tenant's is [domain.CodeClaimInvalid] on field
// "claimToken".
func (s *Service) Claim(ctx context.Context, caller ports.Caller, id domain.TenantID, token domain.Secret) (ports.TenantMembership, error) {
	if id.IsZero() {
		return ports.TenantMembership{}, domain.Invalidf("tenantId", "name the tenant to claim")
	}
	_, _, err := s.Members.Find(ctx, caller.Identity, id)
	repeated := err == nil // a replay makes nobody an owner, and sends no mail
	claimed, err := s.redeem(ctx, caller.Identity, id, token)
	if err != nil {
		return ports.TenantMembership{}, err
	}
	if !repeated {
		s.welcomeCaller(caller, claimed.Tenant)
	}
	return claimed, nil
}

// ClaimForNewUser makes a user who signed up a moment ago, with this address,
// the first owner of whatever tenant token belongs to. Its errors are Claim's.
func (s *Service) ClaimForNewUser(ctx context.Context, who domain.Identity, email domain.Email, token domain.Secret) (ports.TenantMembership, error) {
	claimed, err := s.redeem(ctx, who, domain.TenantID{}, token)
	if err != nil {
		return ports.TenantMembership{}, err
	}
	s.welcome(email, claimed.Tenant)
	return claimed, nil
}

func (s *Service) redeem(ctx context.Context, who domain.Identity, id domain.TenantID, token domain.Secret) (ports.TenantMembership, error) {
	claimed, err := s.Invitations.Redeem(ctx, token.Hash(), id, who)
	if err != nil {
		return ports.TenantMembership{}, onClaimToken(err)
	}
	return claimed, nil
}

var errClaimInvalid = &domain.Error{
	Kind:    domain.Invalid,
	Code:    domain.CodeClaimInvalid,
	Field:   "claimToken",
	Message: "the claim token is unknown, used, expired, or another tenant's; an ID that nobody claims is free again 24 hours after its creation, and can then be created anew",
}

// onClaimToken says it in the words of [errClaimInvalid], whatever the store's are.
func onClaimToken(err error) error {
	if domain.CodeOf(err) == domain.CodeClaimInvalid {
		return errClaimInvalid
	}
	return err
}
