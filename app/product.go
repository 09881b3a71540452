package app

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/limits"
	"github.com/partywall-go/partywall/ports"
)

// MayProvision returns an error where the database was set up by another product,
// whose OnProvision this program lacks: it can serve the tenants that exist,
// and refuses to make one. While the database can't be reached it returns nil.
func (p *Partywall) MayProvision(ctx context.Context) error {
	if p.sql == nil {
		return nil
	}
	return p.sql.MayProvision(ctx)
}

// RequireMember lets next, a product's own route, serve the members of the tenant
// that the request names, or of the only one that its sender belongs to.
// [MemberFrom] tells next who that is. Whoever isn't let in gets the problem
// document that our own routes give.
func (p *Partywall) RequireMember(next http.Handler) http.Handler { return p.api.RequireMember(next) }

// EchoRequireMember is [Partywall.RequireMember] as a middleware of Echo's. The
// member is in the context of the request.
func (p *Partywall) EchoRequireMember(next echo.HandlerFunc) echo.HandlerFunc {
	return p.api.EchoRequireMember(next)
}

// RequireUser has next, a product's own route, serve each signed-in user, whether a
// member of a tenant or not yet: for example a page where they choose a tenant or
// claim one. [CallerFrom] returns the user to next. In all else it is as
// [Partywall.RequireMember].
func (p *Partywall) RequireUser(next http.Handler) http.Handler { return p.api.RequireUser(next) }

// EchoRequireUser is [Partywall.RequireUser] as a middleware of Echo's. The caller is
// in the context of the request.
func (p *Partywall) EchoRequireUser(next echo.HandlerFunc) echo.HandlerFunc {
	return p.api.EchoRequireUser(next)
}

// CallerFrom returns the caller whom [Partywall.RequireUser] or
// [Partywall.RequireMember], or their siblings for Echo, let in: what
// [identities.Service.WhoAmI], [tenants.Creator] and [tenants.Service.Claim] take.
func CallerFrom(ctx context.Context) (ports.Caller, bool) { return httpapi.CallerFrom(ctx) }

// MemberFrom returns the member whom [Partywall.RequireMember] or
// [Partywall.EchoRequireMember] let in.
func MemberFrom(ctx context.Context) (access.Member, bool) { return httpapi.MemberFrom(ctx) }

// AddressOf returns the network address of a request's caller, which the use
// cases of pw.Identities and pw.Tenants count by: the connection's, or the one that
// a proxy of Config.TrustedProxies reports. It is the zero Address where the
// connection has none, as on a Unix socket.
func (p *Partywall) AddressOf(r *http.Request) limits.Address { return p.api.AddressOf(r) }

// WriteProblem answers a request to a product's own route with the problem
// document that err is. Any error will do: one that isn't a [domain.Error] is a
// 500 that tells nothing but the request's ID, under which the log has it.
func (p *Partywall) WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p.api.WriteProblem(w, r, err)
}

// EchoErrorHandler is [Partywall.WriteProblem] as the HTTPErrorHandler of a
// product's Echo. Errors that handlers made with Echo's own means are answered
// as Echo does.
func (p *Partywall) EchoErrorHandler(err error, c echo.Context) { p.api.EchoErrorHandler(err, c) }

// Subdomain returns a [Config.Resolve] by which acme.shop.io names the tenant
// acme, if base is shop.io. The base itself, a reserved name below it such as
// www, and any other host name no tenant. It panics if base isn't a host name in
// lower case.
func Subdomain(base string) func(*http.Request) (domain.TenantID, error) {
	return httpapi.Subdomain(base)
}
