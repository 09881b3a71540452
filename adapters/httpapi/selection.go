package httpapi

import (
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
)

const (
	headerTenantID = "X-Tenant-Id" // as Go spells X-Tenant-ID
	fieldTenantID  = "X-Tenant-ID"
)

// selectedTenant returns the tenant that the request names, in X-Tenant-ID or in
// its path, and the zero TenantID where it names none. To name it proves nothing.
// A request that names two is refused.
func selectedTenant(c echo.Context) (domain.TenantID, error) {
	id, err := tenantInHeader(c.Request().Header[headerTenantID])
	if err != nil {
		return domain.TenantID{}, err
	}
	if inPath := c.Param("id"); inPath != "" {
		named, err := domain.ParseTenantID(inPath)
		if err != nil {
			return domain.TenantID{}, err
		}
		if !id.IsZero() && id != named {
			return domain.TenantID{}, errTwoTenants
		}
		id = named
	}
	exchangeOf(c).tenant = id
	return id, nil
}

func tenantInHeader(values []string) (domain.TenantID, error) {
	if len(values) == 0 {
		return domain.TenantID{}, nil
	}
	for _, value := range values[1:] {
		if value != values[0] {
			return domain.TenantID{}, errTwoTenants
		}
	}
	id, err := domain.ParseTenantID(values[0])
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return domain.TenantID{}, domain.Invalidf(fieldTenantID, "%s", e.Message)
	}
	return id, err
}

var errTwoTenants = domain.Invalidf(fieldTenantID, "the request names two different tenants; name one")
