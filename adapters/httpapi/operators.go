package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// operator lets the operator call next.
func (s *server) operator(next func(echo.Context, access.Operator) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		operator, err := s.proveOperator(c.Request(), web.LineOf(c))
		if err != nil {
			return err
		}
		return next(c, operator)
	})
}

// proveOperator returns the proof of a request with an operator token. A request of
// another signed-in caller is [domain.Forbidden].
func (s *server) proveOperator(r *http.Request, l *web.Line) (access.Operator, error) {
	operator, err := s.maybeOperator(r, l)
	if err != nil || !operator.IsZero() {
		return operator, err
	}
	if _, err := s.identify(r, l); err != nil {
		return access.Operator{}, err
	}
	return access.Operator{}, access.Operator{}.Require()
}

// maybeOperator returns the proof of a request with an operator token, and the zero
// Operator for any other.
func (s *server) maybeOperator(r *http.Request, l *web.Line) (access.Operator, error) {
	token, err := web.BearerToken(r.Header)
	if err != nil || token.IsZero() {
		return access.Operator{}, err
	}
	operator, proven := s.Operators.Prove(token)
	l.Operator = proven
	return operator, nil
}

// identityOf returns the identity of this installation's provider with the subject,
// which the parameter field names.
func (s *server) identityOf(field, subject string) (domain.Identity, error) {
	identity, err := domain.NewIdentity(s.Identities.Provider.Name(), subject)
	if err != nil {
		return domain.Identity{}, domain.Invalidf(field, "%s is the sub of a user", field)
	}
	return identity, nil
}
