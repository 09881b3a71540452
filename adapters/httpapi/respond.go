package httpapi

import (
	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
)

const typeJSON = "application/json"

// respond answers with v as JSON.
func respond(c echo.Context, status int, v any) error {
	return problem.WriteJSON(c.Response(), status, typeJSON, v)
}

// message is the answer of a route that returns only a text.
type message struct {
	Message string `json:"message"`
}
