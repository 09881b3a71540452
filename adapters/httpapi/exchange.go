package httpapi

import (
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
)

// exchange is one request and its answer: Echo's context, and what the log
// shall tell of it. Every handler's context is one.
type exchange struct {
	echo.Context
	requestID string
	started   time.Time
	tenant    domain.TenantID // that the request names, proven or not
	code      domain.Code     // of the problem that was the answer
	cause     error           // of an answer that is our own fault, or a dependency's
	reason    error           // why a token wasn't believed, which its sender isn't told
	stack     []byte          // of a panic
}

func exchangeOf(c echo.Context) *exchange { return c.(*exchange) }
