package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// status handles GET /.
func (s *server) status(c echo.Context) error {
	id, err := s.named(c.Request(), web.LineOf(c))
	if err != nil {
		return err
	}
	now, err := s.Tenants.Probe(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, statusAnswer{"the tenant is served", now, id.String()})
}

type statusAnswer struct {
	Message   string    `json:"message"`
	Timestamp time.Time `json:"timestamp"`
	TenantID  string    `json:"tenantId"`
}

var errNameTenant = domain.NewError(domain.CodeTenantRequired).WithMessage("name a tenant in X-Tenant-ID")

// createTenant handles POST /auth/tenants.
func (s *server) createTenant(c echo.Context, by tenants.Creator) error {
	var body struct {
		TenantID string `json:"tenantId"`
		Name     string `json:"name"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	id, err := domain.ParseTenantID(body.TenantID)
	if err != nil {
		return err
	}
	web.LineOf(c).Tenant = id
	creation := tenants.Creation{ID: id, Name: body.Name, Route: routeOf(c)}
	if !by.Caller.IsZero() {
		if creation.IdempotencyKey, err = idempotencyKey(c.Request().Header); err != nil {
			return err
		}
	}
	created, err := s.Tenants.Create(c.Request().Context(), by, creation)
	if err != nil {
		return aboutKey(err)
	}
	return respondCreated(c, created.Replayed, createdAnswer(created))
}

type newTenantAnswer struct {
	Message        string              `json:"message"`
	TenantID       string              `json:"tenantId"`
	Name           string              `json:"name"`
	Status         domain.TenantStatus `json:"status"`
	CreatedAt      time.Time           `json:"createdAt"`
	ClaimToken     string              `json:"claimToken,omitempty"`
	ClaimExpiresAt time.Time           `json:"claimExpiresAt,omitzero"`
}

func createdAnswer(created tenants.Created) newTenantAnswer {
	answer := newTenantAnswer{
		Message:   "the tenant was created and is yours",
		TenantID:  created.Tenant.ID.String(),
		Name:      created.Tenant.Name,
		Status:    created.Tenant.Status,
		CreatedAt: created.Tenant.CreatedAt,
	}
	if !created.ClaimToken.IsZero() {
		answer.Message = "the tenant is reserved; sign up with the claimToken, or claim it when signed in, to become its owner"
		answer.ClaimToken = created.ClaimToken.Reveal()
		answer.ClaimExpiresAt = created.Tenant.ClaimExpiresAt
	}
	return answer
}

// claimTenant handles POST /tenants/{id}/claim.
func (s *server) claimTenant(c echo.Context, caller ports.Caller) error {
	by := tenants.Creator{Caller: caller, From: web.ClientOf(c)}
	id, err := s.selectedTenant(c)
	if err != nil {
		return err
	}
	var body struct {
		ClaimToken string `json:"claimToken"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	claimed, err := s.Tenants.Claim(c.Request().Context(), by, id, domain.NewSecret(body.ClaimToken))
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, claimAnswer{"the tenant is yours", membershipOf(claimed)})
}

type claimAnswer struct {
	Message string `json:"message"`
	membershipAnswer
}

// membershipAnswer is a tenant and the caller's place in it.
type membershipAnswer struct {
	TenantID string      `json:"tenantId"`
	Name     string      `json:"name"`
	Role     domain.Role `json:"role"`
}

// ownTenantAnswer is a tenant as its member or owner sees it in a list.
type ownTenantAnswer struct {
	membershipAnswer
	Status domain.TenantStatus `json:"status"`
}

func membershipOf(m ports.TenantMembership) membershipAnswer {
	return membershipAnswer{m.Tenant.ID.String(), m.Tenant.Name, m.Membership.Role}
}
