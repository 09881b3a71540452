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

// MayProvision returns an error if another product set the database up and this program
// lacks that product's OnProvision. Such a program can serve the existing tenants, but
// refuses to create one. While the database cannot be reached, it returns nil.
func (p *Partywall) MayProvision(ctx context.Context) error {
	if p.sql == nil {
		return nil
	}
	return p.sql.MayProvision(ctx)
}

// RequireMember lets next, a product's own route, serve the members of the tenant
// that the request names, or of the only tenant that its sender belongs to.
// [MemberFrom] returns the member to next. All other callers get the same problem
// documents as from the API's routes.
func (p *Partywall) RequireMember(next http.Handler) http.Handler { return p.api.RequireMember(next) }

// EchoRequireMember is [Partywall.RequireMember] as an Echo middleware. The
// context of the request contains the member.
func (p *Partywall) EchoRequireMember(next echo.HandlerFunc) echo.HandlerFunc {
	return p.api.EchoRequireMember(next)
}

// RequireUser lets next, a product's own route, serve every signed-in user, even one
// who is not a member of a tenant yet. An example is a page to choose or claim a tenant.
// [CallerFrom] returns the user to next. Otherwise it is like
// [Partywall.RequireMember].
func (p *Partywall) RequireUser(next http.Handler) http.Handler { return p.api.RequireUser(next) }

// EchoRequireUser is [Partywall.RequireUser] as an Echo middleware. The
// context of the request contains the caller.
func (p *Partywall) EchoRequireUser(next echo.HandlerFunc) echo.HandlerFunc {
	return p.api.EchoRequireUser(next)
}

// RequireSteward lets next, a product's own route, serve the owners of the tenant that
// the request names, whether or not it is active, and the operator, who sends the
// operator token. [StewardFrom] returns the steward to next, for the changes of
// pw.Tenants. Otherwise it is like [Partywall.RequireMember].
func (p *Partywall) RequireSteward(next http.Handler) http.Handler { return p.api.RequireSteward(next) }

// EchoRequireSteward is [Partywall.RequireSteward] as an Echo middleware. The context
// of the request contains the steward.
func (p *Partywall) EchoRequireSteward(next echo.HandlerFunc) echo.HandlerFunc {
	return p.api.EchoRequireSteward(next)
}

// StewardFrom returns the steward that [Partywall.RequireSteward] or
// [Partywall.EchoRequireSteward] admitted.
func StewardFrom(ctx context.Context) (access.Steward, bool) { return httpapi.StewardFrom(ctx) }

// CallerFrom returns the caller that [Partywall.RequireUser], [Partywall.RequireMember]
// or their variants for Echo admitted. [identities.Service.WhoAmI], [tenants.Creator] and
// [tenants.Service.Claim] take it.
func CallerFrom(ctx context.Context) (ports.Caller, bool) { return httpapi.CallerFrom(ctx) }

// MemberFrom returns the member that [Partywall.RequireMember] or
// [Partywall.EchoRequireMember] admitted.
func MemberFrom(ctx context.Context) (access.Member, bool) { return httpapi.MemberFrom(ctx) }

// AddressOf returns the network address of a request's caller, by which the use
// cases of pw.Identities and pw.Tenants count: the connection's, or the one that
// a proxy of Config.TrustedProxies reports. It is the zero Address if the
// connection has none, as on a Unix socket.
func (p *Partywall) AddressOf(r *http.Request) limits.Address { return p.api.AddressOf(r) }

// WriteProblem answers a request to a product's own route with the problem
// document for err. It accepts any error. One that is not a [domain.Error] becomes a
// 500 that contains only the request's ID, under which err is logged.
func (p *Partywall) WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p.api.WriteProblem(w, r, err)
}

// EchoErrorHandler is [Partywall.WriteProblem] as the HTTPErrorHandler of a
// product's Echo. Echo's own errors are answered as Echo does.
func (p *Partywall) EchoErrorHandler(err error, c echo.Context) { p.api.EchoErrorHandler(err, c) }

// Subdomain returns a [Config.Resolve] for tenants in subdomains. If base is shop.io,
// acme.shop.io names the tenant acme. The base itself, a reserved name below it such as
// www, and any other host name do not name a tenant. It panics if base is not a host name
// in lower case.
func Subdomain(base string) func(*http.Request) (domain.TenantID, error) {
	return httpapi.Subdomain(base)
}
