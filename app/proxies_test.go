package app_test

import (
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
)

func TestAStartWarnsThatAllCallersMayBeOneAddress(t *testing.T) {
	public := &url.URL{Scheme: "https", Host: "api.example.com"}
	for name, c := range map[string]struct {
		public  *url.URL
		proxies []netip.Prefix
		says    bool
	}{
		"https without a proxy":        {public, nil, true},
		"https with proxies":           {public, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, false},
		"https and no proxy, as meant": {public, []netip.Prefix{}, false},
		"http":                         {&url.URL{Scheme: "http", Host: "localhost:3000"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			pw, err := app.New(t.Context(), app.Config{Memory: true, PublicURL: c.public, TrustedProxies: c.proxies, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if err := pw.Close(); err != nil {
				t.Fatal(err)
			}
			if said := strings.Contains(log.String(), "TRUSTED_PROXIES"); said != c.says {
				t.Errorf("the log has %s", log.String())
			}
		})
	}
}
