package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// steward lets an owner of the tenant that the path names, and the operator, call
// next.
func (s *server) steward(next func(echo.Context, access.Steward) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		steward, err := s.admitSteward(c.Request(), web.LineOf(c), tenantInPath(c.Param("id")))
		if err != nil {
			return err
		}
		return next(c, steward)
	})
}

// admitSteward identifies the caller, and proves that they own the tenant that the
// request names, or that they are the operator.
func (s *server) admitSteward(r *http.Request, l *web.Line, elsewhere ...Resolve) (access.Steward, error) {
	operator, err := s.maybeOperator(r, l)
	if err != nil {
		return access.Steward{}, err
	}
	if !operator.IsZero() {
		return s.stewardOf(r, l, operator, elsewhere...)
	}
	caller, err := s.identify(r, l)
	if err != nil {
		return access.Steward{}, err
	}
	id, err := s.named(r, l, elsewhere...)
	if err != nil {
		return access.Steward{}, err
	}
	return s.Access.AdmitSteward(r.Context(), caller.Identity(), id)
}

// stewardOf returns the operator's proof for the tenant that the request names.
func (s *server) stewardOf(r *http.Request, l *web.Line, operator access.Operator, elsewhere ...Resolve) (access.Steward, error) {
	id, err := s.named(r, l, elsewhere...)
	if err != nil {
		return access.Steward{}, err
	}
	return operator.Steward(id)
}

// named returns the tenant that the request names, which it must.
func (s *server) named(r *http.Request, l *web.Line, elsewhere ...Resolve) (domain.TenantID, error) {
	id, err := s.selection(r, elsewhere...)
	l.Tenant = id
	if err == nil && id.IsZero() {
		err = errNameTenant
	}
	return id, err
}

// operatorAsSteward lets the operator call next with the proof for the tenant that the
// path names.
func (s *server) operatorAsSteward(next func(echo.Context, access.Steward) error) echo.HandlerFunc {
	return s.operator(func(c echo.Context, operator access.Operator) error {
		steward, err := s.stewardOf(c.Request(), web.LineOf(c), operator, tenantInPath(c.Param("id")))
		if err != nil {
			return err
		}
		return next(c, steward)
	})
}

// reader lets a member of the tenant that the path names, and its stewards, call next.
func (s *server) reader(next func(echo.Context, access.Reader) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		reader, err := s.admitReader(c.Request(), web.LineOf(c), tenantInPath(c.Param("id")))
		if err != nil {
			return err
		}
		return next(c, reader)
	})
}

func (s *server) admitReader(r *http.Request, l *web.Line, elsewhere ...Resolve) (access.Reader, error) {
	operator, err := s.maybeOperator(r, l)
	if err != nil {
		return access.Reader{}, err
	}
	if !operator.IsZero() {
		steward, err := s.stewardOf(r, l, operator, elsewhere...)
		return steward.Reader(), err
	}
	caller, err := s.identify(r, l)
	if err != nil {
		return access.Reader{}, err
	}
	id, err := s.named(r, l, elsewhere...)
	if err != nil {
		return access.Reader{}, err
	}
	return s.Access.AdmitReader(r.Context(), caller.Identity(), id)
}
