package httpapi

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
)

// NewWithPace is New with other bounds for a body and for a request, so that a
// test does not have to wait for the usual ones.
func NewWithPace(config Config, body, work time.Duration) http.Handler {
	return newAPI(config, web.Pace{Body: body, Work: work})
}

// Routes returns the route table of an API.
func Routes(config Config) []*echo.Route { return New(config).handler.(*echo.Echo).Routes() }

// StatusOf returns the status of the answer to an error.
func StatusOf(e *domain.Error) int { return problem.StatusOf(e) }
