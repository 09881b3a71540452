package httpapi

import "github.com/partywall-go/partywall/adapters/httpapi/internal/web"

// CheckOrigin returns nil if a browser, or an app's web view, sends origin in exactly
// this form (HTML standard, "serialization of an origin"). The error is
// [domain.Invalid] and names the form to write.
func CheckOrigin(origin string) error { return web.CheckOrigin(origin) }
