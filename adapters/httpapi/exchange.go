package httpapi

import (
	"context"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/ports"
)

// exchange is one request and its answer: Echo's context, and the contents of its log
// line. It is the context of every handler.
type exchange struct {
	echo.Context
	line
}

func exchangeOf(c echo.Context) *exchange { return c.(*exchange) }

// audited returns the request's context, for use cases that leave an entry in the
// audit log.
func audited(c echo.Context) context.Context {
	return ports.WithRequestID(c.Request().Context(), exchangeOf(c).requestID)
}
