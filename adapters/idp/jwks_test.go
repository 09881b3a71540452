package idp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

func TestJWKS(t *testing.T) {
	b := open(t, nil)
	t.Run("another library verifies our tokens with it", func(t *testing.T) {
		set, err := jwk.Parse(b.keys.JWKS())
		mustDo(t, err)
		key, found := set.LookupKeyID(b.keys.KeyID())
		if set.Len() != 1 || !found {
			t.Fatalf("it holds %d keys", set.Len())
		}
		access := b.signIn(t, b.join(t, "ada@example.com")).Access
		_, err = jws.Verify([]byte(access.Reveal()), jws.WithKey(jwa.RS256, key), jws.WithCompact())
		mustDo(t, err)
	})
	t.Run("it holds what is public, and nothing else", func(t *testing.T) {
		var set map[string][]map[string]string
		mustDo(t, json.Unmarshal(b.keys.JWKS(), &set))
		key := set["keys"][0]
		if key["kty"] != "RSA" || key["use"] != "sig" || key["alg"] != "RS256" || key["kid"] != b.keys.KeyID() || key["e"] != "AQAB" || key["n"] == "" || len(key) != 6 {
			t.Errorf("got %v", key)
		}
	})
	t.Run("it is served for caches", func(t *testing.T) {
		answer := serveJWKS(b, http.MethodGet)
		if answer.Code != http.StatusOK || answer.Body.String() != string(b.keys.JWKS()) {
			t.Errorf("got %d %s", answer.Code, answer.Body)
		}
		for name, want := range map[string]string{"Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=300"} {
			if got := answer.Header().Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
	})
	t.Run("it is served as a whole", func(t *testing.T) {
		for name, value := range map[string]string{"Range": "bytes=0-1", "If-None-Match": "*", "If-Modified-Since": "Sun, 29 Nov 2037 07:18:37 GMT"} {
			request := httptest.NewRequest(http.MethodGet, "/local/jwks.json", nil)
			request.Header.Set(name, value)
			answer := httptest.NewRecorder()
			b.keys.JWKSHandler().ServeHTTP(answer, request)
			if answer.Code != http.StatusOK || answer.Body.String() != string(b.keys.JWKS()) {
				t.Errorf("%s: %s got %d %s", name, value, answer.Code, answer.Body)
			}
		}
	})
	t.Run("HEAD gets the headers, and POST nothing", func(t *testing.T) {
		length := strconv.Itoa(len(b.keys.JWKS()))
		if answer := serveJWKS(b, http.MethodHead); answer.Code != http.StatusOK || answer.Header().Get("Content-Length") != length {
			t.Errorf("HEAD got %d %v", answer.Code, answer.Header())
		}
		if answer := serveJWKS(b, http.MethodPost); answer.Code != http.StatusMethodNotAllowed || answer.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("POST got %d", answer.Code)
		}
	})
}

func serveJWKS(b fixture, method string) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	b.keys.JWKSHandler().ServeHTTP(answer, httptest.NewRequest(method, "/local/jwks.json", nil))
	return answer
}
