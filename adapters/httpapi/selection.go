package httpapi

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
)

const (
	headerTenantID = "X-Tenant-Id" // as Go spells X-Tenant-ID
	fieldTenantID  = "X-Tenant-ID"
)

// Resolve returns the tenant that a request names, and the zero TenantID if it names
// none. Naming a tenant proves nothing.
type Resolve func(*http.Request) (domain.TenantID, error)

// selectedTenant returns the tenant that a request to one of our routes names.
func (s *server) selectedTenant(c echo.Context) (domain.TenantID, error) {
	id, err := s.selection(c.Request(), tenantInPath(c))
	web.LineOf(c).Tenant = id
	return id, err
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

// selection returns the tenant that the request names, in X-Tenant-ID, as
// Config.Resolve reads it, or as elsewhere does, and the zero TenantID if it names
// none. A request that names two tenants is refused.
func (s *server) selection(r *http.Request, elsewhere ...Resolve) (domain.TenantID, error) {
	id, err := tenantInHeader(r)
	if err != nil {
		return domain.TenantID{}, err
	}
	for _, resolve := range elsewhere {
		if id, err = agreed(id, resolve, r); err != nil {
			return domain.TenantID{}, err
		}
	}
	return agreed(id, s.Resolve, r)
}

// agreed returns the tenant that id and resolve name. Each may name none.
func agreed(id domain.TenantID, resolve Resolve, r *http.Request) (domain.TenantID, error) {
	if resolve == nil {
		return id, nil
	}
	named, err := resolve(r)
	switch {
	case err != nil:
		return domain.TenantID{}, err
	case named.IsZero():
		return id, nil
	case !id.IsZero() && id != named:
		return domain.TenantID{}, errTwoTenants
	}
	return named, nil
}

// tenantInHeader is the [Resolve] of X-Tenant-ID.
func tenantInHeader(r *http.Request) (domain.TenantID, error) {
	values := r.Header[headerTenantID]
	if len(values) == 0 {
		return domain.TenantID{}, nil
	}
	for _, value := range values[1:] {
		if value != values[0] {
			return domain.TenantID{}, errTwoTenants
		}
	}
	id, err := domain.ParseTenantID(values[0])
	return id, web.OnField(err, "tenantId", fieldTenantID)
}

// tenantInPath returns the [Resolve] of {id} in the route's path, and nil if the route
// has none. It refuses an {id} that is empty, as in /tenants//leave: the request would
// name no tenant, and act in the only one of its caller.
func tenantInPath(c echo.Context) Resolve {
	if !slices.Contains(c.ParamNames(), "id") {
		return nil
	}
	return func(*http.Request) (domain.TenantID, error) { return domain.ParseTenantID(c.Param("id")) }
}

var errTwoTenants = domain.Invalidf(fieldTenantID, "the request names two different tenants; name one")
