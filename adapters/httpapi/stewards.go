package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain/access"
)

// steward lets an owner of the tenant that the path names, and the operator, call
// next.
func (s *server) steward(next func(echo.Context, access.Steward) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		steward, err := s.admitSteward(c.Request(), web.LineOf(c), tenantInPath(c))
		if err != nil {
			return err
		}
		return s.within(countedIn(c.Request().Context()), tenantOfOwner(steward), func() error { return next(c, steward) })
	})
}

// admitSteward identifies the caller, and proves that they own the tenant that the
// request names, or that they are the operator.
func (s *server) admitSteward(r *http.Request, l *web.Line, elsewhere ...Resolve) (access.Steward, error) {
	operator, caller, err := s.identifyAny(r, l)
	if err != nil {
		return access.Steward{}, err
	}
	id, err := s.named(r, l, elsewhere...)
	switch {
	case err != nil:
		return access.Steward{}, err
	case !operator.IsZero():
		return operator.Steward(id)
	}
	return s.Access.AdmitSteward(r.Context(), caller.Identity(), id)
}

// operatorAsSteward lets the operator call next with the proof for the tenant in the
// path.
func (s *server) operatorAsSteward(next func(echo.Context, access.Steward) error) echo.HandlerFunc {
	return operatorIn(s, access.Operator.Steward, next)
}

// reader lets a member of the tenant that the path names, and its stewards, call next.
func (s *server) reader(next func(echo.Context, access.Reader) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		reader, err := s.admitReader(c.Request(), web.LineOf(c), tenantInPath(c))
		if err != nil {
			return err
		}
		return s.within(countedIn(c.Request().Context()), tenantOfUser(reader), func() error { return next(c, reader) })
	})
}

// admitReader is admitSteward for a reader, who may also be another member.
func (s *server) admitReader(r *http.Request, l *web.Line, elsewhere ...Resolve) (access.Reader, error) {
	operator, caller, err := s.identifyAny(r, l)
	if err != nil {
		return access.Reader{}, err
	}
	id, err := s.named(r, l, elsewhere...)
	switch {
	case err != nil:
		return access.Reader{}, err
	case !operator.IsZero():
		steward, err := operator.Steward(id)
		return steward.Reader(), err
	}
	return s.Access.AdmitReader(r.Context(), caller.Identity(), id)
}
