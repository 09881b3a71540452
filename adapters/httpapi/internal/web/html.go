package web

import (
	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
)

// RespondHTML answers with a page that may load and send what the
// Content-Security-Policy allows.
func RespondHTML(c echo.Context, status int, policy, page string) error {
	c.Response().Header().Set("Content-Security-Policy", policy)
	return c.HTML(status, page)
}

// RespondProblemHTML answers with the page that show returns for err. The status, the
// log line and Retry-After are those of a problem document.
func RespondProblemHTML(c echo.Context, err error, policy string, show func(*domain.Error) string) error {
	x, ctx := exchangeOf(c), c.Request().Context()
	if clientGone(ctx, err) {
		return err
	}
	e := refusal(ctx, err)
	x.answered(e, err)
	if e.Kind == domain.Limited || e.Kind == domain.Unavailable {
		problem.SetRetryAfter(c.Response().Header(), e.RetryAfter)
	}
	return RespondHTML(c, problem.StatusOf(e), policy, show(e))
}
