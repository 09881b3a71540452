package tokens_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/tokens"
	"github.com/partywall-go/partywall/ports"
)

func TestExamine(t *testing.T) {
	keys := newKeyServer(t, text(ourSet()))
	gone := httptest.NewServer(nil)
	gone.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer page.Close()
	for name, c := range map[string]struct {
		url      string
		severity ports.Severity
		says     string
	}{
		"a set":                     {keys.URL, ports.SeverityOK, "from " + keys.URL},
		"a page instead of a set":   {page.URL, ports.SeverityError, "COGNITO_JWKS_URL"},
		"nobody there":              {gone.URL, ports.SeverityError, "connection refused"},
		"a name that leads nowhere": {"https://keys.invalid/jwks.json", ports.SeverityError, "keys.invalid"},
		"a set in the open":         {"http://keys.example.com/jwks.json", ports.SeverityError, "must be https"},
	} {
		t.Run(name, func(t *testing.T) {
			found := tokens.Examine(t.Context(), tokens.KeySetConfig{URL: c.url})
			if len(found) != len(tokens.Checks()) || found[0].Severity != c.severity || !strings.Contains(found[0].What+" / "+found[0].Mend, c.says) {
				t.Errorf("want %s %q, got %+v", c.severity, c.says, found)
			}
		})
	}
}
