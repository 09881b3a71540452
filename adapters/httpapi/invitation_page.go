package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/invitationpage"
	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/ports"
)

var invitationPagePolicy = invitationpage.Policy()

// showInvitation handles GET /invitations/accept, the page that the links of invitations
// lead to unless the product has one of its own. It spends nothing, because a mail
// scanner may open the link before the person does.
func (s *server) showInvitation(c echo.Context) error {
	form := invitationpage.Form{
		Token:    domain.NewSecret(c.QueryParam(invitationpage.FieldToken)),
		Existing: c.QueryParam(invitationpage.FieldAccount) == invitationpage.AccountExisting,
	}
	if form.Token.IsZero() {
		return web.RespondHTML(c, http.StatusBadRequest, invitationPagePolicy,
			invitationpage.Message("No invitation", "The link is not complete. Open the link of your invitation again."))
	}
	offer, err := s.Invitations.Preview(c.Request().Context(), web.ClientOf(c), form.Token)
	if err != nil {
		return respondNoInvitation(c, err)
	}
	web.LineOf(c).Tenant, form.Offer = offer.Tenant, offerOf(offer)
	return web.RespondHTML(c, http.StatusOK, invitationPagePolicy, form.HTML())
}

// acceptOnPage handles POST /invitations/accept-form, the form of the page. It needs no
// defence against other sites that send it (CSRF): the browser adds nothing that names
// the person, because no route reads a cookie, and the form has a password.
func (s *server) acceptOnPage(c echo.Context) error {
	fields, err := web.DecodeForm(c)
	if err != nil {
		return err
	}
	form := invitationpage.Form{
		Token:    domain.NewSecret(fields.Get(invitationpage.FieldToken)),
		Existing: fields.Get(invitationpage.FieldAccount) == invitationpage.AccountExisting,
		Email:    fields.Get(invitationpage.FieldEmail),
	}
	offer, dead := s.Invitations.Preview(c.Request().Context(), web.ClientOf(c), form.Token)
	// A form that is sent twice accepts twice, and the second answer is that of the first.
	mayRepeat := form.Existing && errors.Is(dead, domain.CodeInvitationInvalid)
	if dead != nil && !mayRepeat {
		return respondNoInvitation(c, dead)
	}
	web.LineOf(c).Tenant, form.Offer = offer.Tenant, offerOf(offer)
	page, err := s.acceptForm(c, form, fields)
	switch {
	case err == nil:
		return web.RespondHTML(c, http.StatusOK, invitationPagePolicy, page)
	case dead != nil, errors.Is(err, domain.CodeInvitationInvalid):
		return respondNoInvitation(c, err)
	}
	return web.RespondProblemHTML(c, err, invitationPagePolicy, func(e *domain.Error) string {
		form.Existing = form.Existing || e.Code == domain.CodeUserExists
		form.Problem, form.Field = e.Message, e.Field
		return form.HTML()
	})
}

// acceptForm accepts the invitation, and returns the page that says so.
func (s *server) acceptForm(c echo.Context, form invitationpage.Form, fields url.Values) (page string, err error) {
	email, err := domain.ParseEmail(form.Email)
	if err != nil {
		return "", err
	}
	password := domain.NewSecret(fields.Get(invitationpage.FieldPassword))
	if form.Existing {
		return s.acceptBySignIn(c, form.Token, email, password)
	}
	return s.acceptBySignUp(c, form, email, password)
}

func (s *server) acceptBySignUp(c echo.Context, form invitationpage.Form, email domain.Email, password domain.Secret) (page string, err error) {
	user, err := s.Identities.SignUp(c.Request().Context(), web.ClientOf(c), identities.SignUp{Email: email, Password: password, InvitationToken: form.Token})
	if err != nil {
		return "", err
	}
	web.LineOf(c).Subject = user.Identity
	next := "You can close this page, and sign in to the product."
	if !user.Confirmed {
		next = "A code was sent to " + email.String() + ". Sign in to the product, and confirm your address with it."
	}
	return invitationpage.Message("Welcome to "+form.TenantName, "You have an account now, and are a member of the tenant "+form.Tenant.String()+". "+next), nil
}

// acceptBySignIn signs the person in for this one step: it keeps no token.
func (s *server) acceptBySignIn(c echo.Context, token domain.Secret, email domain.Email, password domain.Secret) (page string, err error) {
	ctx := c.Request().Context()
	step, err := s.Identities.SignIn(ctx, web.ClientOf(c), email, password)
	if err != nil {
		return "", err
	}
	if step.Challenge != nil {
		return invitationpage.Message("One more step", "Your account asks for more than a password, which this page cannot do. "+
			"Sign in to the product, and accept the invitation there."), nil
	}
	defer s.endSession(ctx, c, step.Tokens)
	caller, err := s.verify(ctx, step.Tokens.Access, web.LineOf(c))
	if err != nil {
		return "", err
	}
	accepted, err := s.Invitations.Accept(ctx, web.ClientOf(c), caller, token)
	if err != nil {
		return "", err
	}
	web.LineOf(c).Tenant = accepted.Tenant.ID
	return invitationpage.Message("Welcome to "+accepted.Tenant.Name, "You are a member of the tenant "+accepted.Tenant.ID.String()+
		" in the role "+string(accepted.Membership.Role)+". You can close this page, and sign in to the product."), nil
}

// endSession revokes the refresh token. If that fails, the token expires unused.
func (s *server) endSession(ctx context.Context, c echo.Context, tokens ports.Tokens) {
	_ = s.Identities.SignOut(ctx, web.ClientOf(c), ports.Caller{}, identities.SignOut{RefreshToken: tokens.Refresh})
}

// respondNoInvitation answers where there is no invitation to show a form for.
func respondNoInvitation(c echo.Context, err error) error {
	return web.RespondProblemHTML(c, err, invitationPagePolicy, func(e *domain.Error) string {
		if e.Code == domain.CodeInvitationInvalid {
			return invitationpage.Message("No invitation", "This invitation was accepted, replaced or revoked, or it has expired. "+
				"If you accepted it, sign in to the product. Otherwise ask for a new one.")
		}
		return invitationpage.Message("This did not work", e.Message)
	})
}

func offerOf(o ports.InvitationOffer) invitationpage.Offer {
	return invitationpage.Offer{
		Tenant:     o.Tenant,
		TenantName: o.TenantName,
		Role:       o.Role,
		InvitedBy:  o.Inviter,
		Email:      o.Email.Masked(),
		ExpiresAt:  o.ExpiresAt,
	}
}
