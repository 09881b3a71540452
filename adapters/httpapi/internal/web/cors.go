package web

import (
	"net/http"
	"slices"
	"strings"
)

// cors lets pages of some origins call the API (Fetch standard, section 3.3). They
// hold tokens, not cookies: credentials are never allowed. Its zero value allows no
// origin, and adds nothing to any answer.
type cors struct{ origins []string }

// newCORS leaves out origins that no browser sends, and null, which any page may
// send.
func newCORS(origins []string) cors {
	return cors{slices.DeleteFunc(slices.Clone(origins), func(origin string) bool { return CheckOrigin(origin) != nil })}
}

const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, X-Tenant-ID, X-Request-ID, Idempotency-Key, If-Match, If-None-Match, Range"
	corsExposed = "X-Request-ID, Retry-After, Idempotency-Replayed, WWW-Authenticate, ETag, Content-Disposition, Content-Range, Content-Encoding, Accept-Ranges"
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

// preflight answers a browser that asks whether a page may send a request. It reports
// whether x is such a question from an origin that is allowed.
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
	header.Set("Access-Control-Allow-Headers", allowedHeaders(r.Header.Values("Access-Control-Request-Headers")))
	header.Set("Access-Control-Max-Age", corsMaxAge)
	x.Response().WriteHeader(http.StatusNoContent)
	return true
}

// maxAskedHeaders bounds what a preflight may ask for, in bytes.
const maxAskedHeaders = 4 << 10

// allowedHeaders returns the headers that a page may send. These are the headers that
// its browser asks for, because a page's tracing adds its own and none of them grants
// anything. If it asks for none, or for text that is not a header's name, these are
// the headers of the API.
func allowedHeaders(lines []string) string {
	asked := strings.Join(lines, ",")
	if asked == "" || len(asked) > maxAskedHeaders {
		return corsHeaders
	}
	for name := range strings.SplitSeq(asked, ",") {
		if !isToken(strings.TrimSpace(name)) {
			return corsHeaders
		}
	}
	return asked
}

// isToken reports whether s is a token (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}
