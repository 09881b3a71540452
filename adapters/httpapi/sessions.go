package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/identities"
	"github.com/partywall-go/partywall/ports"
)

// signIn handles POST /auth/signin.
func (s *server) signIn(c echo.Context) error {
	var body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	email, err := domain.ParseEmail(body.Email)
	if err != nil {
		return err
	}
	step, err := s.Identities.SignIn(c.Request().Context(), web.ClientOf(c), email, domain.NewSecret(body.Password))
	if err != nil {
		return err
	}
	return respondStep(c, step)
}

// respondToChallenge handles POST /auth/respond-to-challenge.
func (s *server) respondToChallenge(c echo.Context) error {
	var body struct {
		Email         string            `json:"email"`
		ChallengeName string            `json:"challengeName"`
		Session       string            `json:"session"`
		Responses     map[string]string `json:"responses"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	email, err := domain.ParseEmail(body.Email)
	if err != nil {
		return err
	}
	step, err := s.Identities.RespondToChallenge(c.Request().Context(), web.ClientOf(c), email, ports.ChallengeAnswer{
		Name:      body.ChallengeName,
		Session:   domain.NewSecret(body.Session),
		Responses: secrets(body.Responses),
	})
	if err != nil {
		return err
	}
	return respondStep(c, step)
}

func secrets(values map[string]string) map[string]domain.Secret {
	wrapped := make(map[string]domain.Secret, len(values))
	for name, value := range values {
		wrapped[name] = domain.NewSecret(value)
	}
	return wrapped
}

// respondStep answers with the tokens, or with the challenge to answer first.
func respondStep(c echo.Context, step ports.SignIn) error {
	if step.Challenge == nil {
		return web.Respond(c, http.StatusOK, tokensOf(step.Tokens))
	}
	parameters := step.Challenge.Parameters
	if parameters == nil {
		parameters = map[string]string{}
	}
	return web.Respond(c, http.StatusOK, challengeAnswer{step.Challenge.Name, step.Challenge.Session.Reveal(), parameters})
}

// challengeAnswer and tokensAnswer are spelled as in Cognito's InitiateAuth.
type challengeAnswer struct {
	ChallengeName       string
	Session             string
	ChallengeParameters map[string]string
}

type tokensAnswer struct {
	AccessToken  string
	IDToken      string `json:"IdToken"`
	RefreshToken string `json:",omitempty"`
	ExpiresIn    int64  // seconds
	TokenType    string
}

func tokensOf(t ports.Tokens) tokensAnswer {
	return tokensAnswer{t.Access.Reveal(), t.ID.Reveal(), t.Refresh.Reveal(), int64(t.ExpiresIn / time.Second), t.Type}
}

// refresh handles POST /auth/refresh.
func (s *server) refresh(c echo.Context) error {
	var body struct {
		RefreshToken string `json:"refreshToken"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	tokens, err := s.Identities.Refresh(c.Request().Context(), web.ClientOf(c), domain.NewSecret(body.RefreshToken))
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, tokensOf(tokens))
}

// signOut handles POST /auth/signout. A refresh token in the body is enough, because
// the access token beside it has often expired when a user comes back to sign out.
func (s *server) signOut(c echo.Context, caller ports.Caller, unproven error) error {
	var body struct {
		RefreshToken string `json:"refreshToken"`
		Everywhere   bool   `json:"everywhere"`
	}
	err := web.Decode(c, &body)
	if unproven != nil && (err != nil || body.RefreshToken == "") {
		return unproven
	}
	if err != nil {
		return err
	}
	which := identities.SignOut{RefreshToken: domain.NewSecret(body.RefreshToken), Everywhere: body.Everywhere}
	err = s.Identities.SignOut(c.Request().Context(), web.ClientOf(c), caller, which)
	if domain.KindOf(err) == domain.Unauthenticated && unproven != nil {
		return unproven // with the reason why the token is not accepted
	}
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// me handles GET /auth/me.
func (s *server) me(c echo.Context, caller ports.Caller) error {
	profile, err := s.Identities.WhoAmI(c.Request().Context(), caller)
	if err != nil {
		return err
	}
	answer := profileAnswer{
		Sub:     profile.Identity.Subject(),
		Email:   profile.Email.String(),
		Tenants: make([]ownTenantAnswer, len(profile.Tenants)),
	}
	for i, m := range profile.Tenants {
		answer.Tenants[i] = ownTenantAnswer{membershipOf(m), m.Tenant.Status}
	}
	return web.Respond(c, http.StatusOK, answer)
}

type profileAnswer struct {
	Sub     string            `json:"sub"`
	Email   string            `json:"email,omitempty"`
	Tenants []ownTenantAnswer `json:"tenants"`
}
