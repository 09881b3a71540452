package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
)

// Challenging marks a route that reads a token.
func Challenging(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		err := next(c)
		challenge(c.Response().Header(), err)
		return err
	}
}

// challenge adds to a 401 how to send a token (RFC 6750, section 3).
func challenge(header http.Header, err error) {
	switch {
	case err == nil || domain.KindOf(err) != domain.Unauthenticated:
	case domain.CodeOf(err) == domain.CodeInvalidToken:
		header.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	default:
		header.Set("WWW-Authenticate", "Bearer")
	}
}

// BearerToken reads the Authorization header (RFC 6750, section 2.1), and returns the
// zero Secret if there is none. It refuses credentials of any other form, so that a
// caller who meant to sign in is not served as an unknown one.
func BearerToken(header http.Header) (domain.Secret, error) {
	lines := header["Authorization"]
	switch len(lines) {
	case 0:
		return domain.Secret{}, nil
	case 1:
	default:
		return domain.Secret{}, domain.Invalidf("Authorization", "send one Authorization header")
	}
	scheme, token, _ := strings.Cut(lines[0], " ")
	token = strings.Trim(token, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return domain.Secret{}, errNotBearer
	case token == "":
		return domain.Secret{}, errNoToken
	}
	return domain.NewSecret(token), nil
}

var (
	errNotBearer = domain.Errorf(domain.Unauthenticated, "send the access token as Authorization: Bearer; other schemes are not accepted")
	errNoToken   = domain.NewError(domain.CodeInvalidToken).WithMessage("the Authorization header has no token")
)
