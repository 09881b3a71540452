package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// signUp handles POST /auth/signup.
func (s *server) signUp(c echo.Context) error {
	var body struct {
		Email           string `json:"email"`
		Password        string `json:"password"`
		ClaimToken      string `json:"claimToken"`
		InvitationToken string `json:"invitationToken"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	email, err := domain.ParseEmail(body.Email)
	if err != nil {
		return err
	}
	user, err := s.Identities.SignUp(c.Request().Context(), web.ClientOf(c), identities.SignUp{
		Email:           email,
		Password:        domain.NewSecret(body.Password),
		ClaimToken:      domain.NewSecret(body.ClaimToken),
		InvitationToken: domain.NewSecret(body.InvitationToken),
	})
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusCreated, newUserAnswer{user.Identity.Subject(), user.Confirmed, deliveryAnswer(user.Delivery)})
}

// newUserAnswer and codeDelivery are spelled as in Cognito's SignUp.
type newUserAnswer struct {
	UserSub             string
	UserConfirmed       bool
	CodeDeliveryDetails *codeDelivery `json:",omitempty"`
}

type codeDelivery struct {
	Destination    string
	DeliveryMedium string
	AttributeName  string
}

func deliveryAnswer(d *ports.CodeDelivery) *codeDelivery {
	if d == nil {
		return nil
	}
	return &codeDelivery{d.Destination, d.Medium, d.Attribute}
}

// verifyEmail handles POST /auth/verify-email.
func (s *server) verifyEmail(c echo.Context) error {
	var body struct {
		Email string `json:"email"`
		Code  string `json:"code"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	email, err := domain.ParseEmail(body.Email)
	if err != nil {
		return err
	}
	if err := s.Identities.VerifyEmail(c.Request().Context(), web.ClientOf(c), email, domain.NewSecret(body.Code)); err != nil {
		return err
	}
	return web.RespondText(c, http.StatusOK, "the e-mail address is verified; sign in")
}

// resendCode handles POST /auth/resend-code.
func (s *server) resendCode(c echo.Context) error {
	return s.mailCode(c, s.Identities.ResendCode, "if this address waits to be verified, a code is on its way")
}

// forgotPassword handles POST /auth/forgot-password.
func (s *server) forgotPassword(c echo.Context) error {
	return s.mailCode(c, s.Identities.ForgotPassword, "if this address has an account, a code is on its way")
}

// mailCode asks for a code, and answers with a text that does not reveal whether
// there is such an account.
func (s *server) mailCode(c echo.Context, ask func(context.Context, limits.Address, domain.Email) error, answer string) error {
	var body struct {
		Email string `json:"email"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	email, err := domain.ParseEmail(body.Email)
	if err != nil {
		return err
	}
	if err := ask(c.Request().Context(), web.ClientOf(c), email); err != nil {
		return err
	}
	return web.RespondText(c, http.StatusAccepted, answer)
}

// resetPassword handles POST /auth/reset-password.
func (s *server) resetPassword(c echo.Context) error {
	var body struct {
		Email       string `json:"email"`
		Code        string `json:"code"`
		NewPassword string `json:"newPassword"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	email, err := domain.ParseEmail(body.Email)
	if err != nil {
		return err
	}
	err = s.Identities.ResetPassword(c.Request().Context(), web.ClientOf(c), email, domain.NewSecret(body.Code), domain.NewSecret(body.NewPassword))
	if err != nil {
		return err
	}
	return web.RespondText(c, http.StatusOK, "the password is changed; sign in with it")
}
