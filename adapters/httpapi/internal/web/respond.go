package web

import (
	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
)

const typeJSON = "application/json"

// Respond answers with v as JSON.
func Respond(c echo.Context, status int, v any) error {
	return problem.WriteJSON(c.Response(), status, typeJSON, v)
}

// RespondText answers with an object that has only a message.
func RespondText(c echo.Context, status int, text string) error {
	return Respond(c, status, struct {
		Message string `json:"message"`
	}{text})
}
