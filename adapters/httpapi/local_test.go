package httpapi_test

import (
	"io"
	"net/http"
	"testing"
)

func TestTheKeysOfTheBuiltInProvider(t *testing.T) {
	h := open(t, func(h *installation) {
		h.config.LocalKeys = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/jwk-set+json")
			w.Header().Set("Cache-Control", "public, max-age=300")
			_, _ = io.WriteString(w, `{"keys":[]}`)
		})
	})
	got := h.get(t, "/local/jwks.json").is(t, 200)
	if got.body != `{"keys":[]}` || got.header.Get("Cache-Control") != "public, max-age=300" || got.header.Get("X-Request-ID") == "" {
		t.Errorf("got %s, %v", got.body, got.header)
	}
	h.post(t, "/local/jwks.json", `{}`).isProblem(t, 405, "method_not_allowed", "")
}

func TestOnlyBuiltInPartsHaveAPath(t *testing.T) {
	h := open(t, func(h *installation) { h.config.LocalObjects = nil })
	h.get(t, "/local/jwks.json").isProblem(t, 404, "not_found", "")
	h.send(t, "PUT", "/local/objects/acme/a", "x").isProblem(t, 404, "not_found", "")
}
