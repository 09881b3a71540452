package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

type (
	memberKey struct{}
	callerKey struct{}
)

// CallerFrom returns the caller whom [API.RequireUser] or [API.RequireMember], or
// their counterparts for Echo, let in.
func CallerFrom(ctx context.Context) (ports.Caller, bool) {
	caller, ok := ctx.Value(callerKey{}).(ports.Caller)
	return caller, ok
}

// MemberFrom returns the member whom [API.RequireMember] or
// [API.EchoRequireMember] let in.
func MemberFrom(ctx context.Context) (access.Member, bool) {
	member, ok := ctx.Value(memberKey{}).(access.Member)
	return member, ok
}

// RequireMember lets next serve the members of the tenant that the request names, or
// of the only tenant that its sender belongs to. A request that is not let in gets
// the same problem document as on our own routes. Each request has a line in the log.
func (a *API) RequireMember(next http.Handler) http.Handler {
	return a.require(next, a.server.admitSender)
}

// RequireUser lets next serve each signed-in user, whether or not the user is a
// member of a tenant. In all else it is as [API.RequireMember].
func (a *API) RequireUser(next http.Handler) http.Handler {
	return a.require(next, a.server.identifySender)
}

// prover returns a request with what it proves in its context.
type prover func(r *http.Request) (*http.Request, error)

func (a *API) require(next http.Handler, prove prover) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.server.observed(w, r, func(w http.ResponseWriter, r *http.Request) {
			admitted, err := prove(r)
			if err != nil {
				a.WriteProblem(w, r, err)
				return
			}
			lineOf(r.Context()).routed = admitted
			next.ServeHTTP(w, admitted)
		})
	})
}

// EchoRequireMember is [API.RequireMember] as a middleware of Echo's. The member is
// in the context of the request.
func (a *API) EchoRequireMember(next echo.HandlerFunc) echo.HandlerFunc {
	return a.echoRequire(next, a.server.admitSender)
}

// EchoRequireUser is [API.RequireUser] as a middleware of Echo's. The caller is in
// the context of the request.
func (a *API) EchoRequireUser(next echo.HandlerFunc) echo.HandlerFunc {
	return a.echoRequire(next, a.server.identifySender)
}

func (a *API) echoRequire(next echo.HandlerFunc, prove prover) echo.HandlerFunc {
	return func(c echo.Context) error {
		return a.server.observedByEcho(c, func() error {
			admitted, err := prove(c.Request())
			if err != nil {
				a.WriteProblem(c.Response(), c.Request(), err)
				return nil
			}
			c.SetRequest(admitted)
			return next(c)
		})
	}
}

// identifySender returns r with the caller in its context.
func (s *server) identifySender(r *http.Request) (*http.Request, error) {
	caller, err := s.identify(r, lineOf(r.Context()))
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)), err
}

// admitSender returns r with the caller and the member in its context.
func (s *server) admitSender(r *http.Request) (*http.Request, error) {
	caller, member, err := s.admit(r, lineOf(r.Context()))
	ctx := context.WithValue(r.Context(), callerKey{}, caller)
	return r.WithContext(context.WithValue(ctx, memberKey{}, member)), err
}

// WriteProblem answers a request to a route of the product's own with the problem
// document of err. err may be any error: one that is not a [domain.Error] is a 500
// that reveals only the request's ID, under which the log has the error.
func (a *API) WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	ctx, header := r.Context(), w.Header()
	if clientGone(ctx, err) {
		w.WriteHeader(statusClientGone)
		return
	}
	e := refusal(ctx, err)
	id := header.Get(headerRequestID)
	if id == "" {
		id = requestID(r.Header)
		header.Set(headerRequestID, id)
	}
	switch l := lineOf(ctx); {
	case l != nil && !l.logged:
		l.answered(e, err)
	case l != nil && l.cause != nil: // the line has it
	case problem.StatusOf(e) >= http.StatusInternalServerError:
		a.server.Logger.ErrorContext(ctx, "a request failed", "method", knownMethod(r.Method), "route", r.Pattern, "requestId", id, "error", err)
	}
	challenge(header, e)
	writeProblem(w, id, e)
}

// EchoErrorHandler is [API.WriteProblem] as the HTTPErrorHandler of the product's
// Echo. Echo's own errors that have no problem of ours are answered as Echo does.
func (a *API) EchoErrorHandler(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok && !fromRouter(e) {
		c.Echo().DefaultHTTPErrorHandler(err, c)
		return
	}
	a.WriteProblem(c.Response(), c.Request(), err)
}

// fromRouter reports whether Echo's router found no route, as opposed to an error
// that a handler returned.
func fromRouter(e *echo.HTTPError) bool {
	return e == echo.ErrNotFound || e == echo.ErrMethodNotAllowed
}
