package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
)

// getTenant handles GET /tenants/{id}.
func (s *server) getTenant(c echo.Context, by access.Reader) error {
	found, err := s.Tenants.Get(c.Request().Context(), by)
	if err != nil {
		return err
	}
	answer := tenantOf(found, by.Steward())
	answer.Role = by.Role()
	return respondTenant(c, http.StatusOK, found, answer)
}

// showTenant handles GET /admin/tenants/{id}.
func (s *server) showTenant(c echo.Context, by access.Steward) error {
	return s.getTenant(c, by.Reader())
}

// editTenant handles PATCH /tenants/{id}.
func (s *server) editTenant(c echo.Context, by access.Steward) error {
	conditions, err := ifMatch(c.Request().Header)
	if err != nil {
		return err
	}
	var body struct {
		Name     *string         `json:"name"`
		Settings json.RawMessage `json:"settings"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	edit := tenants.Edit{Name: body.Name}
	if body.Settings != nil {
		settings, err := domain.ParseSettings(body.Settings)
		if err != nil {
			return err
		}
		edit.Settings = &settings
	}
	changed, err := s.Tenants.Edit(c.Request().Context(), by, edit, conditions...)
	if err != nil {
		return err
	}
	return respondChanged(c, http.StatusOK, changed, by)
}

// lifecycleChange is a use case that changes a tenant's status.
type lifecycleChange func(ctx context.Context, by access.Steward, reason string, conditions ...tenants.Condition) (domain.TenantDetails, error)

// changes returns the handler of a change of a tenant's status. The body may be left
// out: the use case refuses a reason that is missing.
func (s *server) changes(change lifecycleChange, status int) func(echo.Context, access.Steward) error {
	return func(c echo.Context, by access.Steward) error {
		conditions, err := ifMatch(c.Request().Header)
		if err != nil {
			return err
		}
		reason, err := reasonOf(c)
		if err != nil {
			return err
		}
		changed, err := change(c.Request().Context(), by, reason, conditions...)
		if err != nil {
			return err
		}
		return respondChanged(c, status, changed, by)
	}
}

// reasonOf reads the body of a change that has a reason at most.
func reasonOf(c echo.Context) (string, error) {
	var body struct {
		Reason string `json:"reason"`
	}
	err := web.DecodeOptional(c, &body)
	return body.Reason, err
}

func respondChanged(c echo.Context, status int, changed domain.TenantDetails, by access.Steward) error {
	answer := tenantOf(changed, true)
	answer.Role = by.Reader().Role()
	return respondTenant(c, status, changed, answer)
}

func respondTenant(c echo.Context, status int, t domain.TenantDetails, answer tenantAnswer) error {
	answer.Settings = &t.Settings
	c.Response().Header().Set("ETag", etag(t.Revision))
	return web.Respond(c, status, answer)
}

// tenantAnswer is the record of a tenant.
type tenantAnswer struct {
	TenantID        string              `json:"tenantId"`
	Name            string              `json:"name"`
	Status          domain.TenantStatus `json:"status"`
	CreatedAt       time.Time           `json:"createdAt"`
	Role            domain.Role         `json:"role,omitempty"`
	Settings        *domain.Settings    `json:"settings,omitempty"` // nil in lists
	Limits          domain.TenantLimits `json:"limits,omitzero"`
	SuspendedReason string              `json:"suspendedReason,omitempty"`
	SuspendedBy     domain.Party        `json:"suspendedBy,omitempty"`
	PurgeAfter      time.Time           `json:"purgeAfter,omitzero"`
}

// tenantOf returns the record as a reader sees it. Only stewards see the limits, and the
// reason of a suspension.
func tenantOf(t domain.TenantDetails, steward bool) tenantAnswer {
	answer := tenantAnswer{TenantID: t.ID.String(), Name: t.Name, Status: t.Status, CreatedAt: t.CreatedAt, PurgeAfter: t.PurgeAfter}
	if steward {
		answer.Limits, answer.SuspendedReason, answer.SuspendedBy = t.Limits, t.SuspendedReason, t.SuspendedBy
	}
	return answer
}

// etag returns the strong entity tag of the revision (RFC 9110, section 8.8.3).
func etag(revision domain.Revision) string { return `"` + string(revision) + `"` }

// ifMatch reads an If-Match header of one entity tag (RFC 9110, section 13.1.1).
func ifMatch(header http.Header) ([]tenants.Condition, error) {
	values := header["If-Match"]
	switch {
	case len(values) == 0, len(values) == 1 && strings.TrimSpace(values[0]) == "*":
		return nil, nil
	case len(values) > 1:
		return nil, errIfMatch
	}
	revision, quoted := strings.CutPrefix(strings.TrimSpace(values[0]), `"`)
	revision, closed := strings.CutSuffix(revision, `"`)
	if !quoted || !closed || revision == "" || strings.Contains(revision, `"`) {
		return nil, errIfMatch
	}
	return []tenants.Condition{tenants.IfRevision(domain.Revision(revision))}, nil
}

var errIfMatch = domain.Invalidf("If-Match", "send one If-Match with the ETag of the tenant as you read it")
