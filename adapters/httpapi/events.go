package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/events"
)

// listTenantEvents handles GET /tenants/{id}/events and GET /admin/tenants/{id}/events.
func (s *server) listTenantEvents(c echo.Context, by access.Manager) error {
	query, err := eventQuery(c.Request())
	if err != nil {
		return err
	}
	found, err := s.Events.List(c.Request().Context(), by, query)
	return respondEvents(c, found, err)
}

// listEvents handles GET /admin/events.
func (s *server) listEvents(c echo.Context, operator access.Operator) error {
	query, err := eventQuery(c.Request())
	if err != nil {
		return err
	}
	found, err := s.Events.ListAll(c.Request().Context(), operator, domain.TenantID{}, query)
	return respondEvents(c, found, err)
}

// eventQuery reads the parameters of a list of events.
func eventQuery(r *http.Request) (events.Query, error) {
	page, err := pageOf(r, eventCursor, "since", "kind")
	if err != nil {
		return events.Query{}, err
	}
	query := events.Query{Kind: domain.EventKind(page.filters["kind"]), Limit: page.limit, After: page.after}
	if since, given := page.filters["since"]; given {
		if query.Since, err = time.Parse(time.RFC3339, since); err != nil {
			return events.Query{}, domain.Invalidf("since", "a time is written as 2026-01-31T09:30:00Z (RFC 3339)")
		}
	}
	return query, nil
}

// eventCursor reads a cursor, which is the position of an event.
func eventCursor(cursor string) (int64, error) {
	position, err := strconv.ParseInt(cursor, 10, 64)
	if err == nil && position < 1 {
		err = strconv.ErrRange
	}
	return position, err
}

func respondEvents(c echo.Context, found events.Page, err error) error {
	if err != nil {
		return err
	}
	answer := list[domain.Event]{Items: append([]domain.Event{}, found.Events...)}
	if found.Next != 0 {
		answer.NextCursor = strconv.FormatInt(found.Next, 10)
	}
	return web.Respond(c, http.StatusOK, answer)
}
