package httpapi

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// signedIn lets callers with a valid access token call next.
func (s *server) signedIn(next func(echo.Context, ports.Caller) error) echo.HandlerFunc {
	return challenging(func(c echo.Context) error {
		caller, err := s.identify(c.Request(), &exchangeOf(c).line)
		if err != nil {
			return err
		}
		return next(c, caller)
	})
}

// maybeSignedIn lets all callers call next, and passes on whether they are signed in,
// or the operator. A bad token is refused: it does not count as none.
func (s *server) maybeSignedIn(next func(echo.Context, tenants.Creator) error) echo.HandlerFunc {
	return challenging(func(c echo.Context) error {
		r := c.Request()
		token, err := bearerToken(r.Header)
		if err != nil {
			return err
		}
		if token.IsZero() {
			return next(c, tenants.Creator{From: s.from(c)})
		}
		if operator, proven := s.Operators.Prove(token); proven {
			exchangeOf(c).operator = true
			return next(c, tenants.Creator{Operator: operator, From: s.from(c)})
		}
		caller, err := s.Verifier.Verify(r.Context(), token)
		if err != nil {
			return err
		}
		exchangeOf(c).subject = caller.Identity()
		return next(c, tenants.Creator{Caller: caller, From: s.from(c)})
	})
}

// member lets a member of the tenant that the request names, or of the only tenant
// that they belong to, call next.
func (s *server) member(next func(echo.Context, access.Member) error) echo.HandlerFunc {
	return challenging(func(c echo.Context) error {
		_, member, err := s.admit(c.Request(), &exchangeOf(c).line, tenantInPath(c.Param("id")))
		if err != nil {
			return err
		}
		return next(c, member)
	})
}

// challenging marks a route that reads a token.
func challenging(next echo.HandlerFunc) echo.HandlerFunc {
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

// bearerToken reads the Authorization header (RFC 6750, section 2.1), and returns the
// zero Secret if there is none. It refuses credentials of any other form, so that a
// caller who meant to sign in is not served as an unknown one.
func bearerToken(header http.Header) (domain.Secret, error) {
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
	errSignIn    = domain.Errorf(domain.Unauthenticated, "sign in, and send the access token as Authorization: Bearer")
	errNotBearer = domain.Errorf(domain.Unauthenticated, "send the access token as Authorization: Bearer; other schemes are not accepted")
	errNoToken   = domain.NewError(domain.CodeInvalidToken).WithMessage("the Authorization header has no token")
)
