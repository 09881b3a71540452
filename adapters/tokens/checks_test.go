package tokens_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/ports/doctor"
)

func TestChecks(t *testing.T) {
	keys := newKeyServer(t, text(ourSet()))
	gone := httptest.NewServer(nil)
	gone.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer page.Close()
	for name, c := range map[string]struct {
		url      string
		severity doctor.Severity
		says     string
	}{
		"a set":                     {keys.URL, doctor.OK, "from " + keys.URL},
		"a page instead of a set":   {page.URL, doctor.Error, "COGNITO_JWKS_URL"},
		"nobody there":              {gone.URL, doctor.Error, "connection refused"},
		"a name that leads nowhere": {"https://keys.invalid/jwks.json", doctor.Error, "keys.invalid"},
		"a set in the open":         {"http://keys.example.com/jwks.json", doctor.Error, "must be https"},
	} {
		t.Run(name, func(t *testing.T) {
			found := tokens.RunChecks(t.Context(), tokens.KeySetConfig{URL: c.url})
			if len(found) != len(tokens.Checks()) || found[0].Severity != c.severity || !strings.Contains(found[0].Summary+" / "+found[0].Fix, c.says) {
				t.Errorf("want %s %q, got %+v", c.severity, c.says, found)
			}
		})
	}
}
