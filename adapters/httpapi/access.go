package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// anyone lets all callers call next.
func anyone(next echo.HandlerFunc) echo.HandlerFunc { return next }

// either lets all callers call next, and passes on the caller, or the reason why the
// request has none, for a route that also takes a token in its body.
func (s *server) either(next func(c echo.Context, caller ports.Caller, unproven error) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		caller, unproven := s.identify(c.Request(), web.LineOf(c))
		return next(c, caller, unproven)
	})
}

// signedIn lets callers with a valid access token call next.
func (s *server) signedIn(next func(echo.Context, ports.Caller) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		caller, err := s.identify(c.Request(), web.LineOf(c))
		if err != nil {
			return err
		}
		return next(c, caller)
	})
}

// maybeSignedIn lets all callers call next, and passes on whether they are signed in,
// or the operator. A bad token is refused: it does not count as none.
func (s *server) maybeSignedIn(next func(echo.Context, tenants.Creator) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		token, err := web.BearerToken(c.Request().Header)
		if err != nil {
			return err
		}
		by := tenants.Creator{From: web.ClientOf(c)}
		if token.IsZero() {
			return next(c, by)
		}
		if by.Operator, by.Caller, err = s.operatorOrUser(c.Request().Context(), token, web.LineOf(c)); err != nil {
			return err
		}
		return next(c, by)
	})
}

// member lets a member of the tenant that the request names, or of the only tenant
// that they belong to, call next.
func (s *server) member(next func(echo.Context, access.Member) error) echo.HandlerFunc {
	return s.callingMember(func(c echo.Context, _ ports.Caller, member access.Member) error { return next(c, member) })
}

// callingMember is member, which also passes on the caller.
func (s *server) callingMember(next func(echo.Context, ports.Caller, access.Member) error) echo.HandlerFunc {
	return web.Challenging(func(c echo.Context) error {
		caller, member, err := s.admit(c.Request(), web.LineOf(c), tenantInPath(c))
		if err != nil {
			return err
		}
		return s.within(countedIn(c.Request().Context()), member.Tenant(), func() error { return next(c, caller, member) })
	})
}

// identify returns the caller whose access token the request carries, and names them
// in the log line.
func (s *server) identify(r *http.Request, l *web.Line) (ports.Caller, error) {
	token, err := tokenOf(r)
	if err != nil {
		return ports.Caller{}, err
	}
	return s.verify(r.Context(), token, l)
}

// tokenOf returns the token of a request that must have one.
func tokenOf(r *http.Request) (domain.Secret, error) {
	token, err := web.BearerToken(r.Header)
	if err == nil && token.IsZero() {
		err = errSignIn
	}
	return token, err
}

func (s *server) verify(ctx context.Context, token domain.Secret, l *web.Line) (ports.Caller, error) {
	caller, err := s.Verifier.Verify(ctx, token)
	if err != nil {
		return ports.Caller{}, err
	}
	l.Subject = caller.Identity()
	return caller, nil
}

// admit identifies the caller and proves that they are a member of the tenant that the
// request names, or of the only one that they belong to.
func (s *server) admit(r *http.Request, l *web.Line, elsewhere ...Resolve) (ports.Caller, access.Member, error) {
	caller, err := s.identify(r, l)
	if err != nil {
		return ports.Caller{}, access.Member{}, err
	}
	id, err := s.selection(r, elsewhere...)
	if err != nil {
		return ports.Caller{}, access.Member{}, err
	}
	l.Tenant = id
	member, err := s.memberOf(r.Context(), caller.Identity(), id)
	if err != nil {
		return ports.Caller{}, access.Member{}, err
	}
	l.Tenant = member.Tenant()
	return caller, member, nil
}

// memberOf returns the identity's proof for tenant id, or for its only tenant where id
// is zero.
func (s *server) memberOf(ctx context.Context, identity domain.Identity, id domain.TenantID) (access.Member, error) {
	if id.IsZero() {
		return s.Access.AdmitSole(ctx, identity)
	}
	return s.Access.Admit(ctx, identity, id)
}

var errSignIn = domain.Errorf(domain.Unauthenticated, "sign in, and send the access token as Authorization: Bearer")
