package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/adapters/internal/strictjson"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/members"
)

// listMembers handles GET /tenants/{id}/members.
func (s *server) listMembers(c echo.Context, by access.Manager) error {
	page, err := pageOf(c.Request(), memberCursor, "role", "state", "q")
	if err != nil {
		return err
	}
	filter := members.Filter{Role: domain.Role(page.filters["role"]), State: domain.MemberState(page.filters["state"]), Text: page.filters["q"]}
	found, err := s.Members.List(c.Request().Context(), by, filter, page.after, page.limit)
	if err != nil {
		return err
	}
	answer := list[memberAnswer]{Items: make([]memberAnswer, len(found.Members)), NextCursor: cursorOf(found.Next)}
	for i, m := range found.Members {
		answer.Items[i] = memberOf(m)
	}
	return web.Respond(c, http.StatusOK, answer)
}

// changeMember handles PATCH /tenants/{id}/members/{sub}.
func (s *server) changeMember(c echo.Context, by access.Manager) error {
	identity, err := s.subject(c)
	if err != nil {
		return err
	}
	var body struct {
		Role      strictjson.Optional[domain.Role]        `json:"role"`
		State     strictjson.Optional[domain.MemberState] `json:"state"`
		ExpiresAt strictjson.Optional[string]             `json:"expiresAt"`
		Reason    strictjson.Optional[string]             `json:"reason"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	switch {
	case body.Role.Given && body.Role.Value == nil:
		return domain.Invalidf("role", "a member has a role; DELETE ends the membership")
	case body.State.Given && body.State.Value == nil:
		return domain.Invalidf("state", "a member has a state: active or suspended")
	}
	change := domain.MembershipChange{Role: body.Role.Value, State: body.State.Value}
	if body.ExpiresAt.Given {
		at, err := expiryOf(body.ExpiresAt.Value)
		if err != nil {
			return err
		}
		change.ExpiresAt = &at
	}
	if body.Reason.Given {
		change.Reason = new(string)
		if body.Reason.Value != nil {
			change.Reason = body.Reason.Value
		}
	}
	changed, err := s.Members.Change(c.Request().Context(), by, identity, change)
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, memberOf(changed))
}

// removeMember handles DELETE /tenants/{id}/members/{sub}.
func (s *server) removeMember(c echo.Context, by access.Manager) error {
	identity, err := s.subject(c)
	if err != nil {
		return err
	}
	reason, err := reasonOf(c)
	if err != nil {
		return err
	}
	if err := s.Members.Remove(c.Request().Context(), by, identity, reason); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// leave handles POST /tenants/{id}/leave.
func (s *server) leave(c echo.Context, member access.Member) error {
	if err := web.DecodeOptional(c, &struct{}{}); err != nil {
		return err
	}
	if err := s.Members.Leave(c.Request().Context(), member); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// handOver handles POST /tenants/{id}/owner.
func (s *server) handOver(c echo.Context, owner access.Member) error {
	var body struct {
		Sub    string `json:"sub"`
		MyRole string `json:"myRole"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	heir, err := s.identityOf("sub", body.Sub)
	if err != nil {
		return err
	}
	role, err := domain.ParseRole(body.MyRole)
	if err != nil {
		return web.OnField(err, "role", "myRole")
	}
	heirs, own, err := s.Members.HandOver(c.Request().Context(), owner, heir, role)
	if err != nil {
		return err
	}
	return web.Respond(c, http.StatusOK, handoverAnswer{memberOf(heirs), memberOf(own)})
}

type handoverAnswer struct {
	Owner memberAnswer `json:"owner"` // the new one
	Me    memberAnswer `json:"me"`
}

// grantMembership handles POST /admin/tenants/{id}/members.
func (s *server) grantMembership(c echo.Context, operator access.Operator) error {
	id, err := s.selectedTenant(c)
	if err != nil {
		return err
	}
	var body struct {
		Sub       string                      `json:"sub"`
		Role      string                      `json:"role"`
		ExpiresAt strictjson.Optional[string] `json:"expiresAt"`
		Reason    string                      `json:"reason"`
	}
	if err := web.Decode(c, &body); err != nil {
		return err
	}
	grant := members.Grant{Role: domain.Role(body.Role), Reason: body.Reason}
	if grant.Identity, err = s.identityOf("sub", body.Sub); err != nil {
		return err
	}
	if grant.ExpiresAt, err = expiryOf(body.ExpiresAt.Value); err != nil {
		return err
	}
	grant.Route = routeOf(c)
	if grant.IdempotencyKey, err = idempotencyKey(c.Request().Header); err != nil {
		return err
	}
	granted, err := s.Members.Grant(c.Request().Context(), operator, id, grant)
	if err != nil {
		return aboutKey(err)
	}
	return respondCreated(c, granted.Replayed, memberOf(granted.Membership))
}

// expiryOf returns the end of a membership, and the zero time for null.
func expiryOf(text *string) (time.Time, error) {
	if text == nil {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return time.Time{}, domain.Invalidf("expiresAt", "expiresAt is a time such as 2026-01-31T09:30:00Z (RFC 3339)")
	}
	if at.IsZero() { // which use cases read as no end: they refuse any other past time
		at = at.Add(1)
	}
	return at, nil
}

// memberAnswer is a membership.
type memberAnswer struct {
	Sub       string             `json:"sub"`
	Email     string             `json:"email,omitempty"`
	Role      domain.Role        `json:"role"`
	State     domain.MemberState `json:"state"`
	Since     time.Time          `json:"since"`
	ExpiresAt time.Time          `json:"expiresAt,omitzero"`
	GrantedBy *actorAnswer       `json:"grantedBy,omitempty"`
	Reason    string             `json:"reason,omitempty"`
}

// actorAnswer is the author of a change.
type actorAnswer struct {
	Kind domain.ActorKind `json:"kind"`
	Sub  string           `json:"sub,omitempty"`
}

func memberOf(m domain.Membership) memberAnswer {
	answer := memberAnswer{
		Sub: m.Identity.Subject(), Email: m.Email.String(), Role: m.Role, State: m.State,
		Since: m.CreatedAt, ExpiresAt: m.ExpiresAt, Reason: m.Reason,
	}
	if !m.GrantedBy.IsZero() {
		answer.GrantedBy = &actorAnswer{m.GrantedBy.Kind, m.GrantedBy.Identity.Subject()}
	}
	return answer
}
