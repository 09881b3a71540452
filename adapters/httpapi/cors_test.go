package httpapi_test

import (
	"slices"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	h := open(t)
	const origin = "https://app.example.com"
	preflight := []string{"Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: content-type"}

	t.Run("lets a page of an allowed origin read an answer, errors included", func(t *testing.T) {
		for _, path := range []string{"/healthz", "/auth/me", "/nowhere", "/local/objects/acme/a"} {
			got := h.get(t, path, "Origin: "+origin)
			if got.header.Get("Access-Control-Allow-Origin") != origin || !slices.Contains(got.header.Values("Vary"), "Origin") {
				t.Errorf("%s: %v", path, got.header)
			}
			for _, name := range []string{"X-Request-ID", "Retry-After", "Idempotency-Replayed", "ETag"} {
				if !strings.Contains(got.header.Get("Access-Control-Expose-Headers"), name) {
					t.Errorf("%s: %s cannot be read", path, name)
				}
			}
		}
	})
	t.Run("answers a preflight with what the API uses", func(t *testing.T) {
		for _, path := range []string{"/files/upload-url", "/auth/signin", "/local/objects/acme/a"} {
			got := h.send(t, "OPTIONS", path, "", append(preflight, "Origin: "+origin)...).is(t, 204)
			if got.header.Get("Access-Control-Allow-Origin") != origin || got.header.Get("Access-Control-Allow-Methods") != "GET, HEAD, POST, PUT, PATCH, DELETE" {
				t.Errorf("%s: %v", path, got.header)
			}
			if allowed := got.header.Get("Access-Control-Allow-Headers"); allowed != "content-type" {
				t.Errorf("%s: asked for content-type, it allows %s", path, allowed)
			}
			if vary := strings.Join(got.header.Values("Vary"), ", "); vary != "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" {
				t.Errorf("%s: Vary is %s", path, vary)
			}
		}
	})
	t.Run("allows the headers that a browser asks for, as tracing adds them", func(t *testing.T) {
		const usual = "Authorization, Content-Type, X-Tenant-ID, X-Request-ID, Idempotency-Key, If-Match, If-None-Match, Range"
		for asked, want := range map[string]string{
			"authorization,baggage,sentry-trace,traceparent,tracestate,x-tenant-id": "authorization,baggage,sentry-trace,traceparent,tracestate,x-tenant-id",
			"x-b3-traceid, x-datadog-trace-id":                                      "x-b3-traceid, x-datadog-trace-id",
			"":                                                                      usual,
			"content-type,":                                                         usual,
			"content type":                                                          usual,
			"a\"b":                                                                  usual,
			"*":                                                                     "*",
			strings.Repeat("x", 5<<10):                                              usual,
		} {
			asking := []string{"Origin: " + origin, "Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: " + asked}
			got := h.send(t, "OPTIONS", "/files/upload-url", "", asking...).is(t, 204)
			if allowed := got.header.Get("Access-Control-Allow-Headers"); allowed != want {
				t.Errorf("asked for %q, it allows %q", asked, allowed)
			}
		}
	})
	t.Run("never allows null, or an origin that no browser sends", func(t *testing.T) {
		h := open(t, func(h *installation) {
			h.config.AllowOrigins = []string{"null", "https://APP.example.com", "capacitor://localhost"}
		})
		for _, other := range []string{"null", "https://APP.example.com"} {
			if got := h.get(t, "/healthz", "Origin: "+other); got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s is allowed", other)
			}
		}
		if got := h.get(t, "/healthz", "Origin: capacitor://localhost"); got.header.Get("Access-Control-Allow-Origin") != "capacitor://localhost" {
			t.Errorf("got %v", got.header)
		}
	})
	t.Run("is for exact origins", func(t *testing.T) {
		for _, other := range []string{"http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil.example", "https://evil-app.example.com", "https://APP.example.com", "null", "*", ""} {
			for _, got := range []answer{h.get(t, "/healthz", "Origin: "+other), h.send(t, "OPTIONS", "/auth/me", "", append(preflight, "Origin: "+other)...)} {
				for name := range got.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%q gets %s: %s", other, name, got.header.Get(name))
					}
				}
				if !slices.Contains(got.header.Values("Vary"), "Origin") {
					t.Errorf("%q: the answer may be cached for others", other)
				}
			}
		}
	})
	t.Run("never allows credentials", func(t *testing.T) {
		for _, got := range []answer{h.get(t, "/healthz", "Origin: "+origin), h.send(t, "OPTIONS", "/auth/me", "", append(preflight, "Origin: "+origin)...)} {
			if got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
		}
	})
	t.Run("is off if no origin is allowed", func(t *testing.T) {
		h := open(t, func(h *installation) { h.config.AllowOrigins = nil })
		got := h.send(t, "OPTIONS", "/auth/me", "", append(preflight, "Origin: "+origin)...).is(t, 204)
		if got.header.Get("Access-Control-Allow-Origin") != "" || got.header.Get("Vary") != "" || got.header.Get("Allow") == "" {
			t.Errorf("got %v", got.header)
		}
	})
}
