package httpapi

import (
	"net/http"
	"slices"
)

// cors lets pages of some origins call the API (Fetch standard, section 3.3). They
// hold tokens, not cookies: credentials are never allowed. Its zero value allows
// no origin, and adds nothing to any answer.
type cors struct{ origins []string }

func newCORS(origins []string) cors { return cors{slices.Clone(origins)} }

const (
	corsMethods = "GET, HEAD, POST, PUT"
	corsHeaders = "Authorization, Content-Type, X-Tenant-ID, X-Request-ID, Idempotency-Key, If-None-Match, Range"
	corsExposed = "X-Request-ID, Retry-After, Idempotency-Replayed, WWW-Authenticate, ETag, Content-Disposition, Content-Range"
	corsMaxAge  = "600"
)

// expose lets the page that asks read the answer.
func (c cors) expose(r *http.Request, header http.Header) {
	if len(c.origins) == 0 {
		return
	}
	header.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); slices.Contains(c.origins, origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Expose-Headers", corsExposed)
	}
}

// preflight answers a browser that asks whether a page may send a request, and
// reports whether x was that question, from an origin that is allowed.
func (c cors) preflight(x *exchange) bool {
	r := x.Request()
	if len(c.origins) == 0 || r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	header := x.Response().Header()
	header.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	if header.Get("Access-Control-Allow-Origin") == "" {
		return false
	}
	header.Del("Access-Control-Expose-Headers")
	header.Set("Access-Control-Allow-Methods", corsMethods)
	header.Set("Access-Control-Allow-Headers", corsHeaders)
	header.Set("Access-Control-Max-Age", corsMaxAge)
	x.Response().WriteHeader(http.StatusNoContent)
	return true
}
