package httpapi

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

type (
	memberKey  struct{}
	callerKey  struct{}
	stewardKey struct{}
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

// StewardFrom returns the steward whom [API.RequireSteward] or
// [API.EchoRequireSteward] let in.
func StewardFrom(ctx context.Context) (access.Steward, bool) {
	steward, ok := ctx.Value(stewardKey{}).(access.Steward)
	return steward, ok
}

// RequireMember lets next serve the members of the tenant that the request names, or
// of the only tenant that its sender belongs to. A request that is not let in gets
// the same problem document as on our own routes. Each request has a line in the log, and
// counts among those that the tenant has in flight until next returns; beyond the limit it
// gets [domain.CodeTenantBusy].
func (a *API) RequireMember(next http.Handler) http.Handler {
	return a.server.web.Guard(a.server.counted(next), a.server.admitSender)
}

// RequireUser lets next serve each signed-in user, whether or not the user is a
// member of a tenant. In all else it is as [API.RequireMember].
func (a *API) RequireUser(next http.Handler) http.Handler {
	return a.server.web.Guard(next, a.server.identifySender)
}

// RequireSteward lets next serve the owners of the tenant that the request names,
// whether or not it is active, and the operator. In all else it is as
// [API.RequireMember].
func (a *API) RequireSteward(next http.Handler) http.Handler {
	return a.server.web.Guard(a.server.counted(next), a.server.admitStewardSender)
}

// EchoRequireSteward is [API.RequireSteward] as a middleware of Echo's. The steward is
// in the context of the request.
func (a *API) EchoRequireSteward(next echo.HandlerFunc) echo.HandlerFunc {
	return a.server.web.EchoGuard(a.server.echoCounted(next), a.server.admitStewardSender)
}

// EchoRequireMember is [API.RequireMember] as a middleware of Echo's. The member is
// in the context of the request.
func (a *API) EchoRequireMember(next echo.HandlerFunc) echo.HandlerFunc {
	return a.server.web.EchoGuard(a.server.echoCounted(next), a.server.admitSender)
}

// EchoRequireUser is [API.RequireUser] as a middleware of Echo's. The caller is in
// the context of the request.
func (a *API) EchoRequireUser(next echo.HandlerFunc) echo.HandlerFunc {
	return a.server.web.EchoGuard(next, a.server.identifySender)
}

// identifySender is the [web.Prover] of signed-in users.
func (s *server) identifySender(r *http.Request, l *web.Line) (*http.Request, error) {
	caller, err := s.identify(r, l)
	return r.WithContext(context.WithValue(r.Context(), callerKey{}, caller)), err
}

// admitSender is the [web.Prover] of members.
func (s *server) admitSender(r *http.Request, l *web.Line) (*http.Request, error) {
	caller, member, err := s.admit(r, l)
	ctx := context.WithValue(noteCounted(r.Context()), callerKey{}, caller)
	return r.WithContext(context.WithValue(ctx, memberKey{}, member)), err
}

// admitStewardSender is the [web.Prover] of stewards.
func (s *server) admitStewardSender(r *http.Request, l *web.Line) (*http.Request, error) {
	steward, err := s.admitSteward(r, l)
	return r.WithContext(context.WithValue(noteCounted(r.Context()), stewardKey{}, steward)), err
}

// AddressOf returns the network address of a request's caller: the connection's, or
// the address that a trusted proxy reports. It is the zero Address if the connection
// has none, as on a Unix socket.
func (a *API) AddressOf(r *http.Request) limits.Address { return a.server.web.AddressOf(r) }

// WriteProblem answers a request to a route of the product's own with the problem
// document of err. err may be any error: one that is not a [domain.Error] is a 500
// that reveals only the request's ID, under which the log has the error.
func (a *API) WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	a.server.web.WriteProblem(w, r, err)
}

// EchoErrorHandler is [API.WriteProblem] as the HTTPErrorHandler of the product's
// Echo. Echo's own errors that have no problem of ours are answered as Echo does.
func (a *API) EchoErrorHandler(err error, c echo.Context) { a.server.web.EchoErrorHandler(err, c) }
