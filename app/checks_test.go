package app_test

import (
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports/doctor"
)

// wellSet is the configuration of an installation without mistakes.
func wellSet() app.Config {
	cfg := app.DefaultConfig()
	cfg.Database.Host, cfg.Cognito.PoolID, cfg.S3.Bucket = "db.example.com", "eu-central-1_abc", "bucket"
	cfg.PublicURL = &url.URL{Scheme: "https", Host: "api.example.com"}
	cfg.TenantCreation = tenants.Authenticated
	cfg.UploadRequireSize = true
	cfg.EmailSender = domain.Must(domain.ParseEmail("noreply@example.com"))
	cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	cfg.AllowOrigins = []string{"https://app.example.com"}
	cfg.Logger = logger(slog.LevelInfo)
	return cfg
}

func logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: level}))
}

func TestCheckConfig(t *testing.T) {
	unseen := map[string]bool{}
	for _, f := range app.CheckConfig(t.Context(), wellSet()) {
		unseen[f.Check] = true
	}
	for name, c := range map[string]struct {
		change   func(*app.Config)
		check    string
		severity doctor.Severity
		says     string
	}{
		"nothing":                            {func(*app.Config) {}, "", doctor.OK, ""},
		"all built in":                       {func(c *app.Config) { *c = app.DefaultConfig() }, "", doctor.OK, ""},
		"in memory":                          {func(c *app.Config) { *c = app.Config{Memory: true} }, "", doctor.OK, ""},
		"a forgotten pool":                   {func(c *app.Config) { c.Cognito.PoolID = "" }, "built-in", doctor.Warning, "COGNITO_USER_POOL_ID"},
		"tenants by anyone":                  {func(c *app.Config) { c.TenantCreation = tenants.Open }, "tenant-creation", doctor.Warning, "TENANT_CREATION to authenticated"},
		"tenants without a creator":          {func(c *app.Config) { c.TenantCreation = tenants.OperatorOnly }, "tenant-creation", doctor.Error, "OPERATOR_TOKEN"},
		"links to the reader's own machine":  {func(c *app.Config) { c.PublicURL = nil }, "public-url", doctor.Warning, "PUBLIC_URL"},
		"links to the callers' own machines": {func(c *app.Config) { *c = app.DefaultConfig(); c.Host = "0.0.0.0" }, "public-url", doctor.Warning, "PUBLIC_URL"},
		"passwords in the open":              {func(c *app.Config) { c.PublicURL = &url.URL{Scheme: "http", Host: "api.example.com"} }, "public-url", doctor.Error, "https"},
		"a trial in the open": {func(c *app.Config) {
			*c = app.DefaultConfig()
			c.PublicURL = &url.URL{Scheme: "http", Host: "192.0.2.1"}
		}, "public-url", doctor.Warning, "https"},
		"a proxy that nothing names":       {func(c *app.Config) { c.TrustedProxies = nil }, "proxies", doctor.Warning, "one address"},
		"every address a proxy":            {func(c *app.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} }, "proxies", doctor.Error, "0.0.0.0/0"},
		"every IPv6 address a proxy":       {func(c *app.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("::/0")} }, "proxies", doctor.Error, "::/0"},
		"pages without TLS":                {func(c *app.Config) { c.AllowOrigins = []string{"http://localhost:5173"} }, "origins", doctor.Warning, "http://localhost:5173"},
		"pages of an app":                  {func(c *app.Config) { c.AllowOrigins = []string{"capacitor://localhost"} }, "", doctor.OK, ""},
		"uploads without a size":           {func(c *app.Config) { c.UploadRequireSize = false }, "upload-size", doctor.Warning, "UPLOAD_REQUIRE_SIZE=true, and have clients send size"},
		"mail that goes to the log":        {func(c *app.Config) { c.EmailSender = domain.Email{} }, "mail", doctor.Warning, "EMAIL_SENDER"},
		"a sender, and nothing to send by": {func(c *app.Config) { e := c.EmailSender; *c = app.DefaultConfig(); c.EmailSender = e }, "mail", doctor.Error, "EMAIL_SENDER"},
		"a log with too much":              {func(c *app.Config) { c.Logger = logger(slog.LevelDebug) }, "log-level", doctor.Warning, "contains more"},
		"a log with too little":            {func(c *app.Config) { c.Logger = logger(slog.LevelWarn) }, "log-level", doctor.Warning, "an operator entered"},
		"no log":                           {func(c *app.Config) { c.Logger = nil }, "log-level", doctor.Warning, "an operator entered"},
	} {
		delete(unseen, c.check)
		t.Run(name, func(t *testing.T) {
			cfg := wellSet()
			c.change(&cfg)
			found := c.check == ""
			for _, f := range app.CheckConfig(t.Context(), cfg) {
				found = found || f.Check == c.check
				switch {
				case f.Check == c.check && (f.Severity != c.severity || !strings.Contains(f.Summary+" / "+f.Fix, c.says)):
					t.Errorf("want %s %q, got %+v", c.severity, c.says, f)
				case f.Check != c.check && f.Severity != doctor.OK:
					t.Errorf("it also finds %+v", f)
				}
			}
			if !found {
				t.Errorf("%s found nothing", c.check)
			}
		})
	}
	for check := range unseen {
		t.Errorf("no mistake is made that %s finds", check)
	}
}

func TestTheDocsListTheChecks(t *testing.T) {
	page, err := os.ReadFile("../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| check | whether |\n|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	got := strings.Split(table, "\n")
	want := []string{"| `configuration` | every variable is understood: no short `OPERATOR_TOKEN`, no forgotten `DB_USER` |"}
	seen := map[string]bool{}
	for _, c := range app.Checks() {
		if seen[c.Name] {
			t.Errorf("there are two checks %s", c.Name)
		}
		seen[c.Name] = true
		if c.About == "" {
			t.Errorf("the check %s does not say what it is about", c.Name)
		}
		want = append(want, "| `"+c.Name+"` | "+c.About+" |")
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("the table of docs/production.md lacks this row:\n%s", row)
		}
	}
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("the table of docs/production.md has a row of no check:\n%s", row)
		}
	}
	if !t.Failed() && !slices.Equal(got, want) {
		t.Errorf("the table of docs/production.md has another order than this one:\n%s", strings.Join(want, "\n"))
	}
}
