package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/adapters/internal/strictjson"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// limitTenant handles PATCH /admin/tenants/{id}/limits.
func (s *server) limitTenant(c echo.Context, by access.Steward) error {
	conditions, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	var body struct {
		MaxRequests    strictjson.Optional[int] `json:"maxRequests"`
		MaxConnections strictjson.Optional[int] `json:"maxConnections"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	var edit domain.TenantLimitsEdit
	if edit.MaxRequests, err = limitOf("maxRequests", body.MaxRequests); err != nil {
		return err
	}
	if edit.MaxConnections, err = limitOf("maxConnections", body.MaxConnections); err != nil {
		return err
	}
	changed, err := s.Tenants.Limit(c.Request().Context(), by, edit, conditions...)
	if err != nil {
		return err
	}
	return respondChanged(c, http.StatusOK, changed, by)
}

// limitOf returns the limit that a body has, nil for none, and 0 for null: the default.
func limitOf(field string, n strictjson.Optional[int]) (*int, error) {
	switch {
	case !n.Given:
		return nil, nil
	case n.Value == nil:
		return new(int), nil
	case *n.Value == 0:
		return nil, domain.Invalidf(field, "a limit is a number from 1 to %d, or null for the default", domain.MostOfLimit)
	}
	return n.Value, nil
}
