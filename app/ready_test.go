package app_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/partywall-go/partywall/app"
)

// TestReadyAtOnce uses a user pool whose keys take a moment. The result of New
// serves the first request with the keys loaded, and an unavailable pool does not
// prevent the start.
func TestReadyAtOnce(t *testing.T) {
	needPostgres(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/slow" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		time.Sleep(300 * time.Millisecond) // the delay of a distant pool
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"one","alg":"RS256","use":"sig","e":"AQAB","n":%q}]}`,
			base64.RawURLEncoding.EncodeToString(big.NewInt(0).Set(key.N).Bytes()))
	}))
	t.Cleanup(pool.Close)
	server := newServer(t)
	for path, want := range map[string]int{"/slow": http.StatusOK, "/gone": http.StatusServiceUnavailable} {
		cfg := app.Config{
			DataDir: filepath.Join(t.TempDir(), "data"), Region: "eu-central-1",
			Database: app.Database{Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, Name: "ready", SSLMode: "disable"},
			Cognito:  app.Cognito{PoolID: "eu-central-1_abc", ClientID: "client", Issuer: pool.URL, JWKSURL: pool.URL + path},
		}
		if err := app.Setup(t.Context(), cfg, func(string) {}); err != nil {
			t.Fatal(err)
		}
		pw, err := app.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		pw.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if answer.Code != want {
			t.Errorf("%s: the first answer is %d: %s", path, answer.Code, answer.Body)
		}
		if err := pw.Close(); err != nil {
			t.Error(err)
		}
	}
}
