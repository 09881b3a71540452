package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// InvitationStore keeps claims (and, later, invitations by mail) under the
// hashes of their tokens. A token that is unknown, spent or expired is
// [domain.CodeClaimInvalid], and so is one whose tenant is gone.
type InvitationStore interface {
	// Peek returns what the token would give, and leaves it unspent.
	Peek(ctx context.Context, token domain.TokenHash) (domain.Invitation, error)

	// Redeem spends the token: who gets the membership that it offers, and a
	// tenant that was [domain.Unclaimed] becomes [domain.Active]. Of many who
	// redeem one token at once, one succeeds. Who redeemed it before and still has
	// the membership gets it again: a repeated request isn't an error.
	//
	// tenant, where it isn't zero, is the tenant that the caller named; a token of
	// another one is [domain.CodeClaimInvalid] and stays unspent.
	Redeem(ctx context.Context, token domain.TokenHash, tenant domain.TenantID, who domain.Identity) (TenantMembership, error)
}
