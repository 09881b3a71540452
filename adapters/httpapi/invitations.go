package httpapi

import (
	"cmp"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/ports"
)

// listInvitations handles GET /tenants/{id}/invitations.
func (s *server) listInvitations(c echo.Context, by access.Manager) error {
	page, err := pageOf(c.Request(), domain.ParseInvitationID, "state")
	if err != nil {
		return err
	}
	found, err := s.Invitations.List(c.Request().Context(), by, domain.InvitationState(page.filters["state"]), page.after, page.limit)
	if err != nil {
		return err
	}
	answer := list[invitationAnswer]{Items: make([]invitationAnswer, len(found.Invitations)), NextCursor: found.Next.String()}
	for i, invitation := range found.Invitations {
		answer.Items[i] = invitationOf(invitations.Issued{Invitation: invitation})
	}
	return web.Respond(c, http.StatusOK, answer)
}

// createInvitation handles POST /tenants/{id}/invitations.
func (s *server) createInvitation(c echo.Context, by access.Manager, caller ports.Caller) error {
	var body struct {
		Email     *string `json:"email"`
		Role      string  `json:"role"`
		ExpiresIn *int64  `json:"expiresIn"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	invite := invitations.Invite{Role: domain.Role(body.Role), Route: routeOf(c)}
	var err error
	if body.Email != nil {
		if invite.Email, err = domain.ParseEmail(*body.Email); err != nil {
			return err
		}
	}
	if body.ExpiresIn != nil {
		if invite.Life, err = domain.ParseInvitationLife(*body.ExpiresIn); err != nil {
			return err
		}
	}
	if invite.IdempotencyKey, err = idempotencyKey(c.Request().Header); err != nil {
		return err
	}
	issued, err := s.Invitations.Create(c.Request().Context(), by, caller, invite)
	if err != nil {
		return aboutKey(err)
	}
	return respondCreated(c, issued.Replayed, invitationOf(issued))
}

// resendInvitation handles POST /tenants/{id}/invitations/{invitationId}/resend.
func (s *server) resendInvitation(c echo.Context, by access.Manager, caller ports.Caller) error {
	if err := web.DecodeOptional(c, &struct{}{}); err != nil {
		return err
	}
	id, err := invitationID(c)
	if err != nil {
		return err
	}
	issued, err := s.Invitations.Resend(c.Request().Context(), by, caller, id)
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, invitationOf(issued))
}

// revokeInvitation handles DELETE /tenants/{id}/invitations/{invitationId}.
func (s *server) revokeInvitation(c echo.Context, by access.Manager) error {
	if err := web.DecodeOptional(c, &struct{}{}); err != nil {
		return err
	}
	id, err := invitationID(c)
	if err != nil {
		return err
	}
	if err := s.Invitations.Revoke(c.Request().Context(), by, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// previewInvitation handles POST /invitations/preview.
func (s *server) previewInvitation(c echo.Context) error {
	token, err := invitationToken(c)
	if err != nil {
		return err
	}
	offer, err := s.Invitations.Preview(c.Request().Context(), web.ClientOf(c), token)
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, previewAnswer{
		offer.Tenant.String(), offer.TenantName, offer.Role, inviterOf(offer), offer.Email.Masked(), offer.ExpiresAt,
	})
}

// previewAnswer is what the bearer of a token sees of its invitation.
type previewAnswer struct {
	TenantID  string      `json:"tenantId"`
	Name      string      `json:"name"`
	Role      domain.Role `json:"role"`
	InvitedBy string      `json:"invitedBy"`
	Email     string      `json:"email,omitempty"` // masked
	ExpiresAt time.Time   `json:"expiresAt"`
}

// inviterOf names the author of an invitation: by the address, if it is known.
func inviterOf(offer ports.InvitationOffer) string {
	return cmp.Or(offer.Inviter.String(), offer.CreatedBy.Identity.Subject(), string(offer.CreatedBy.Kind))
}

// acceptInvitation handles POST /invitations/accept.
func (s *server) acceptInvitation(c echo.Context, caller ports.Caller) error {
	token, err := invitationToken(c)
	if err != nil {
		return err
	}
	accepted, err := s.Invitations.Accept(c.Request().Context(), web.ClientOf(c), caller, token)
	if err != nil {
		return err
	}
	web.LineOf(c).Tenant = accepted.Tenant.ID
	return web.Respond(c, http.StatusOK, claimAnswer{"you are a member of the tenant", membershipOf(accepted.TenantMembership)})
}

// invitationToken reads a body that has the token of an invitation.
func invitationToken(c echo.Context) (domain.Secret, error) {
	var body struct {
		InvitationToken string `json:"invitationToken"`
	}
	if err := web.Decode(c, &body); err != nil {
		return domain.Secret{}, err
	}
	if body.InvitationToken == "" {
		return domain.Secret{}, domain.Invalidf("invitationToken", "invitationToken is required")
	}
	return domain.NewSecret(body.InvitationToken), nil
}

// invitationAnswer is an invitation. One by link has a token when it is created or
// resent.
type invitationAnswer struct {
	InvitationID string                 `json:"invitationId"`
	Email        string                 `json:"email,omitempty"`
	Role         domain.Role            `json:"role"`
	CreatedBy    actorAnswer            `json:"createdBy"`
	CreatedAt    time.Time              `json:"createdAt"`
	ExpiresAt    time.Time              `json:"expiresAt"`
	State        domain.InvitationState `json:"state"`
	Token        string                 `json:"invitationToken,omitempty"`
	Link         string                 `json:"link,omitempty"`
}

func invitationOf(i invitations.Issued) invitationAnswer {
	return invitationAnswer{
		i.ID.String(), i.Email.String(), i.Role, actorAnswer{i.CreatedBy.Kind, i.CreatedBy.Identity.Subject()},
		i.CreatedAt, i.ExpiresAt, i.State, i.Token.Reveal(), i.Link.Reveal(),
	}
}
