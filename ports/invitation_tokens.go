package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// InvitationTokens finds and accepts invitations by the hashes of their tokens. A token
// is good for one invitation, until that is accepted, resent, revoked or replaced, or
// expires.
//
// A token that is not good, and one of a tenant that does not serve its members, is
// [domain.CodeInvitationInvalid], which does not reveal the reason.
type InvitationTokens interface {
	// Issue makes token good for an open invitation by mail, and ends the token that was
	// good for it before. It does so only for the generation that is named: a consumer
	// that is late issues no token for a mail that was superseded. An invitation that is
	// not open, not by mail, or of another generation or tenant, and one of a tenant whose
	// status does not accept members, is [domain.CodeInvitationNotFound]. Issue leaves no
	// event, because the invitation stays as it is.
	Issue(ctx context.Context, issue TokenIssue) (InvitationOffer, error)

	// Peek returns the invitation that the token is good for.
	Peek(ctx context.Context, token domain.TokenHash) (InvitationOffer, error)

	// Accept spends the token. It gives the identity the membership of
	// [domain.Invitation.Accept], whose errors it returns, and which leave the token
	// unspent. Of many identities that accept one invitation at once, one succeeds. The
	// identity that accepted it before gets the answer of [domain.Invitation.AcceptAgain]
	// with Replayed set. The event is [domain.EventInvitationAccepted] alone, also where the
	// membership stays as it was.
	Accept(ctx context.Context, acceptance InvitationAcceptance) (AcceptedInvitation, error)
}

// TokenIssue makes a token good for an invitation.
type TokenIssue struct {
	ID         domain.InvitationID
	Tenant     domain.TenantID
	Generation int
	Token      domain.TokenHash
}

// InvitationOffer is an open invitation as the invited person sees it.
type InvitationOffer struct {
	domain.Invitation
	TenantName string
	Inviter    domain.Email // the address of the member who created it; zero: unknown
}

// InvitationAcceptance accepts the invitation of a token.
type InvitationAcceptance struct {
	Token    domain.TokenHash
	Identity domain.Identity
	Email    domain.Email // verified; zero: none
}

// AcceptedInvitation is the membership of an identity that accepted an invitation, now
// or before.
type AcceptedInvitation struct {
	TenantMembership
	Replayed bool
}
