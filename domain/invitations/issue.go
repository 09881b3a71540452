package invitations

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Mailing is what the mail of an invitation says.
type Mailing struct {
	ports.InvitationOffer
	Token domain.Secret
	Link  domain.Secret
}

// IssueToken makes the token for the mail of an invitation that the event created or
// resent. It ends the token that was issued before, so that a mail which is sent again
// has the only one that is good.
//
// Errors: [domain.CodeInvitationNotFound] if there is no mail to send: the invitation is
// by link, or was accepted, resent, revoked or replaced since, or has expired, or its
// tenant is deleted; [domain.Invalid] on field "kind" for any other event.
func (s *Service) IssueToken(ctx context.Context, event domain.Event) (Mailing, error) {
	if event.Kind != domain.EventInvitationCreated && event.Kind != domain.EventInvitationResent {
		return Mailing{}, domain.Invalidf("kind", "only an invitation that is created or resent is sent by mail")
	}
	if err := event.Tenant.Require(); err != nil {
		return Mailing{}, err
	}
	var data domain.InvitationEventData
	if err := event.Decode(&data); err != nil {
		return Mailing{}, domain.Invalidf("data", "the event does not name an invitation").WithCause(err)
	}
	id, err := domain.ParseInvitationID(data.Invitation)
	if err != nil {
		return Mailing{}, err
	}
	token := s.newToken()
	offer, err := s.Tokens.Issue(ctx, ports.TokenIssue{ID: id, Tenant: event.Tenant, Generation: data.Generation, Token: token.Hash()})
	if err != nil {
		return Mailing{}, err
	}
	return Mailing{offer, token, s.link(token)}, nil
}
