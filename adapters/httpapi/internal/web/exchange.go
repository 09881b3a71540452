package web

import (
	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain/limits"
)

// exchange is one request and its answer: Echo's context, and the contents of its log
// line. It is the context of every handler.
type exchange struct {
	echo.Context
	Line
}

func exchangeOf(c echo.Context) *exchange { return c.(*exchange) }

// LineOf returns the log line of the request that c serves.
func LineOf(c echo.Context) *Line { return &exchangeOf(c).Line }

// ClientOf returns the network address of the caller.
func ClientOf(c echo.Context) limits.Address { return exchangeOf(c).client }
