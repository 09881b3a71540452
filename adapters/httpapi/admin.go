package httpapi

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// listTenants handles GET /admin/tenants.
func (s *server) listTenants(c echo.Context, operator access.Operator) error {
	page, err := pageOf(c.Request(), domain.ParseTenantID, "status", "q", "owner")
	if err != nil {
		return err
	}
	query := ports.TenantQuery{Status: domain.TenantStatus(page.filters["status"]), Text: page.filters["q"]}
	if owner := page.filters["owner"]; owner != "" {
		if query.Owner, err = s.identityOf("owner", owner); err != nil {
			return err
		}
	}
	found, err := s.Tenants.Search(c.Request().Context(), operator, query, page.after, page.limit)
	if err != nil {
		return err
	}
	answer := list[tenantAnswer]{Items: make([]tenantAnswer, len(found.Tenants)), NextCursor: found.Next.String()}
	for i, t := range found.Tenants {
		answer.Items[i] = tenantOf(t, true)
	}
	return web.Respond(c, http.StatusOK, answer)
}

// freeTenant handles POST /admin/tenants/{id}/free.
func (s *server) freeTenant(c echo.Context, operator access.Operator) error {
	id, err := s.selectedTenant(c)
	if err != nil {
		return err
	}
	if err := web.DecodeOptional(c, &struct{}{}); err != nil {
		return err
	}
	if err := s.Tenants.Free(c.Request().Context(), operator, id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
