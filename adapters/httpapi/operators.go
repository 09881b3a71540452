package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// operator lets the operator call next. A request of another signed-in caller is
// [domain.Forbidden].
func (s *server) operator(next func(echo.Context, access.Operator) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		operator, _, err := s.identifyAny(c.Request(), web.LineOf(c))
		if err != nil {
			return err
		}
		if err := operator.Require(); err != nil {
			return err
		}
		return next(c, operator)
	})
}

// operatorIn lets the operator call next with a proof for the tenant in the path.
func operatorIn[Proof any](s *server, prove func(access.Operator, domain.TenantID) (Proof, error), next func(echo.Context, Proof) error) echo.HandlerFunc {
	return s.operator(func(c echo.Context, operator access.Operator) error {
		id, err := s.selectedTenant(c)
		if err != nil {
			return err
		}
		proof, err := prove(operator, id)
		if err != nil {
			return err
		}
		return next(c, proof)
	})
}

// identifyAny is identify for a route that also takes an operator token: it returns the
// operator's proof or the caller.
func (s *server) identifyAny(r *http.Request, l *web.Line) (access.Operator, ports.Caller, error) {
	token, err := tokenOf(r)
	if err != nil {
		return access.Operator{}, ports.Caller{}, err
	}
	return s.operatorOrUser(r.Context(), token, l)
}

// operatorOrUser returns what the token proves, and notes it in the log line.
func (s *server) operatorOrUser(ctx context.Context, token domain.Secret, l *web.Line) (access.Operator, ports.Caller, error) {
	if operator, proven := s.Operators.Prove(token); proven {
		l.Operator = true
		return operator, ports.Caller{}, nil
	}
	caller, err := s.verify(ctx, token, l)
	return access.Operator{}, caller, err
}

// identityOf returns the identity of this installation's provider with the subject,
// which the parameter field names.
func (s *server) identityOf(field, subject string) (domain.Identity, error) {
	identity, err := domain.NewIdentity(s.Identities.Provider.Name(), subject)
	if err != nil {
		return domain.Identity{}, domain.Invalidf(field, "%s is the sub of a user, which has 1 to %d bytes of UTF-8 without control characters", field, domain.MaxIdentityPartLen)
	}
	return identity, nil
}
