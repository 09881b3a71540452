package app_test

import (
	"io"
	"math"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

// TestAConfigBuiltInGoHasTheBoundsOfTheEnvironment gives both doors values that no
// installation can have.
func TestAConfigBuiltInGoHasTheBoundsOfTheEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		cfg             app.Config
		variable, value string
	}{
		"a retention of no time":          {app.Config{EventRetention: -1}, "EVENT_RETENTION", "-1ns"},
		"a retention of a moment":         {app.Config{EventRetention: time.Millisecond}, "EVENT_RETENTION", "1ms"},
		"a retention of centuries":        {app.Config{EventRetention: math.MaxInt64}, "EVENT_RETENTION", "2562047h47m16.854775807s"},
		"a grace of centuries":            {app.Config{TenantGrace: math.MaxInt64}, "TENANT_GRACE", "2562047h47m16.854775807s"},
		"no tenants for an owner":         {app.Config{TenantsPerOwner: -1}, "TENANTS_PER_OWNER", "-1"},
		"uploads of less than nothing":    {app.Config{UploadMaxSize: -1}, "UPLOAD_MAX_SIZE", "-1"},
		"uploads that no store takes":     {app.Config{UploadMaxSize: math.MaxInt64}, "UPLOAD_MAX_SIZE", "9223372036854775807"},
		"a limit of too many requests":    {app.Config{TenantMaxRequests: math.MaxInt}, "TENANT_MAX_REQUESTS", "9223372036854775807"},
		"a limit of many connections":     {app.Config{TenantMaxConnections: math.MaxInt}, "TENANT_MAX_CONNECTIONS", "9223372036854775807"},
		"a port below all":                {app.Config{Port: -1}, "PORT", "-1"},
		"a port above all":                {app.Config{Port: 65536}, "PORT", "65536"},
		"a policy that does not exist":    {app.Config{TenantCreation: "Open"}, "TENANT_CREATION", "Open"},
		"a URL without a scheme":          {app.Config{PublicURL: &url.URL{Path: "api.example.com"}}, "PUBLIC_URL", "api.example.com"},
		"a network that no address is in": {app.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}}, "TRUSTED_PROXIES", "::ffff:10.0.0.0/104"},
		"a secret that is guessed":        {app.Config{Database: app.Database{GateSecret: domain.NewSecret("1")}}, "DB_GATE_SECRET", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Memory = true
			pw, err := app.New(t.Context(), c.cfg)
			if err == nil || !strings.Contains(err.Error(), c.variable) || !strings.Contains(err.Error(), c.value) {
				t.Errorf("New: %v", err)
			}
			if pw != nil {
				pw.Close()
			}
			if err := app.Setup(t.Context(), c.cfg, nil); err == nil || !strings.Contains(err.Error(), c.variable) {
				t.Errorf("Setup: %v", err)
			}
			t.Setenv(c.variable, c.value)
			if _, err := app.ConfigFromEnv(io.Discard); err == nil || !strings.Contains(err.Error(), c.variable) {
				t.Errorf("the environment: %v", err)
			}
		})
	}
	t.Run("no limit, and no grace", func(t *testing.T) {
		pw, err := app.New(t.Context(), app.Config{Memory: true, TenantMaxRequests: -1, TenantMaxConnections: -1, TenantGrace: -1})
		if err != nil {
			t.Fatal(err)
		}
		pw.Close()
	})
}
