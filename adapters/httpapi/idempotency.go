package httpapi

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/domain"
)

const headerIdempotencyKey = "Idempotency-Key"

// idempotencyKey reads the Idempotency-Key header of a creating request of a signed-in
// user, or of the operator. The header of any other caller is ignored.
func idempotencyKey(header http.Header) (string, error) {
	keys := slices.Compact(slices.Clone(header[headerIdempotencyKey]))
	switch {
	case len(keys) == 0:
		return "", nil
	case len(keys) > 1:
		return "", domain.Invalidf(headerIdempotencyKey, "send one Idempotency-Key")
	case keys[0] == "":
		return "", domain.Invalidf(headerIdempotencyKey, "an Idempotency-Key is not empty")
	}
	return keys[0], nil
}

// routeOf names the route to which an idempotency key was sent.
func routeOf(c echo.Context) string { return c.Request().Method + " " + c.Path() }

// aboutKey names the header in an error about the key.
func aboutKey(err error) error { return web.OnField(err, "idempotencyKey", headerIdempotencyKey) }

// respondCreated answers a creating request, and marks the answer of an earlier one.
func respondCreated(c echo.Context, replayed bool, answer any) error {
	if replayed {
		c.Response().Header().Set("Idempotency-Replayed", "true")
	}
	return web.Respond(c, http.StatusCreated, answer)
}
