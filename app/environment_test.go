package app_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
)

var update = flag.Bool("update", false, "write .env.example anew")

const envExample = "../.env.example"

func TestEnvExampleListsEveryVariableWithItsDefault(t *testing.T) {
	clearEnv(t)
	variables, err := app.Variables()
	if err != nil {
		t.Fatal(err)
	}
	want := example(variables)
	if *update {
		if err := os.WriteFile(envExample, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(envExample)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf(".env.example differs from the configuration; update it with: go test ./app -run EnvExample -update")
	}
}

func example(variables []app.Variable) []byte {
	var b bytes.Buffer
	b.WriteString("# Copy this to .env. What isn't configured is built in.\n")
	for _, v := range variables {
		b.WriteString("\n")
		if v.Meaning != "" {
			b.WriteString("# " + v.Meaning + "\n")
		}
		b.WriteString("#" + v.Name + "=" + v.Default + "\n")
	}
	return b.Bytes()
}

func TestAnEmptyEnvironmentIsTheDefaultConfig(t *testing.T) {
	clearEnv(t)
	cfg, err := app.ConfigFromEnv(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	want := app.DefaultConfig()
	if cfg.Port != want.Port || cfg.PublicURL.String() != want.PublicURL.String() || cfg.DataDir != want.DataDir || cfg.Database != want.Database ||
		cfg.TenantCreation != want.TenantCreation || cfg.UploadMaxSize != want.UploadMaxSize || cfg.HideDocs {
		t.Errorf("got  %+v\nwant %+v", cfg, want)
	}
	if got := strings.Join(cfg.BuiltIn(), " "); got != "database identities files" || cfg.ListenHost() != "127.0.0.1" {
		t.Errorf("built in are %s, on %s", got, cfg.ListenHost())
	}
}

func TestAConfiguredInstallation(t *testing.T) {
	clearEnv(t)
	setEnv(t, map[string]string{
		"PORT": "8080", "PUBLIC_URL": "https://api.example.com/pw/", "DB_HOST": "db.example.com", "DB_USER": "pw", "DB_PASSWORD": "s3cret",
		"COGNITO_USER_POOL_ID": "eu-west-1_abc", "COGNITO_CLIENT_ID": "client", "S3_BUCKET_NAME": "files", "AWS_REGION": "eu-west-1",
		"TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1", "CORS_ALLOW_ORIGINS": "https://app.example.com", "OPERATOR_TOKEN": strings.Repeat("x", 32),
		"API_DOCS": "false",
	})
	cfg, err := app.ConfigFromEnv(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if len(cfg.BuiltIn()) != 0 || cfg.ListenHost() != "" {
		t.Errorf("built in are %v, on %q", cfg.BuiltIn(), cfg.ListenHost())
	}
	if cfg.Database.SSLMode != "verify-full" {
		t.Errorf("a database elsewhere is reached with sslmode %s", cfg.Database.SSLMode)
	}
	if cfg.Cognito.Issuer != "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc" || cfg.Cognito.JWKSURL != cfg.Cognito.Issuer+"/.well-known/jwks.json" {
		t.Errorf("issuer %s, keys at %s", cfg.Cognito.Issuer, cfg.Cognito.JWKSURL)
	}
	if cfg.PublicURL.String() != "https://api.example.com/pw" || len(cfg.TrustedProxies) != 2 || cfg.TrustedProxies[1].Bits() != 32 {
		t.Errorf("public URL %s, proxies %v", cfg.PublicURL, cfg.TrustedProxies)
	}
	if !cfg.HideDocs {
		t.Error("API_DOCS=false leaves the documentation on")
	}
}

func TestAllMistakesAreReportedAtOnceEachNamingItsVariable(t *testing.T) {
	mistakes := map[string]string{
		"PORT": "70000", "HOST": "a b", "DB_GATE_SECRET": "fifteen bytes..", "PUBLIC_URL": "ftp://x", "DB_PORT": "x", "DB_SSLMODE": "maybe", "DB_MAX_CONNS": "1", "DB_SSLROOTCERT": "/nowhere/ca.pem", "DB_ACQUIRE_TIMEOUT": "0s", "DB_STATEMENT_TIMEOUT": "30",
		"DB_LOCK_TIMEOUT": "-5s", "DB_IDLE_TIMEOUT": "forever", "S3_FORCE_PATH_STYLE": "yes", "LOCAL_REQUIRE_CONFIRMATION": "1", "EMAIL_SENDER": "nobody",
		"TENANT_CREATION": "everyone", "OPERATOR_TOKEN": "short", "TENANT_ROLES": "maybe", "UPLOAD_MAX_SIZE": "5GiB", "UPLOAD_REQUIRE_SIZE": "no",
		"TRUSTED_PROXIES": "10.0.0.0/99", "CORS_ALLOW_ORIGINS": "*", "API_DOCS": "hidden", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml",
	}
	clearEnv(t)
	setEnv(t, mistakes)
	_, err := app.ConfigFromEnv(t.Output())
	named := namedIn(err)
	for variable := range mistakes {
		if named[variable] != 1 {
			t.Errorf("%s is named %d times", variable, named[variable])
		}
	}
}

func TestAMistakeShowsWhatWasWrittenUnlessItIsASecret(t *testing.T) {
	cases := map[string]string{
		"PORT": "many", "HOST": "a b", "PUBLIC_URL": "ftp://x", "DB_MAX_CONNS": "few", "DB_LOCK_TIMEOUT": "soon", "TENANT_ROLES": "maybe", "S3_FORCE_PATH_STYLE": "yes",
		"TENANT_CREATION": "everyone", "EMAIL_SENDER": "nobody", "LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "TRUSTED_PROXIES": "here", "CORS_ALLOW_ORIGINS": "there",
	}
	clearEnv(t)
	setEnv(t, cases)
	_, err := app.ConfigFromEnv(t.Output())
	for variable, value := range cases {
		if want := fmt.Sprintf(", not %q", value); !strings.HasSuffix(messageOf(err, variable), want) {
			t.Errorf("%s: %q doesn't end in %s", variable, messageOf(err, variable), want)
		}
	}
	for variable, value := range map[string]string{"OPERATOR_TOKEN": "hunter2", "DB_GATE_SECRET": "hunter2", "PUBLIC_URL": "https://ada:hunter2@x"} {
		t.Setenv(variable, value)
		if _, err := app.ConfigFromEnv(t.Output()); messageOf(err, variable) == "" || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", variable, err)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	clearEnv(t)
	for written, want := range map[string]string{
		"": "<nil>", "none": "[]", "10.0.0.0/8": "[10.0.0.0/8]", "10.1.2.3/8,fd00::1": "[10.0.0.0/8 fd00::1/128]",
		"::ffff:10.0.0.0/104": "write 10.0.0.0/8", "::ffff:10.1.2.3": "write 10.1.2.3/32", "::ffff:a00:0/104": "write 10.0.0.0/8", "::ffff:0:0/90": "most of the Internet",
		"fe80::1%eth0": "not \"fe80::1%eth0\"", "10.0.0.0/33": "not \"10.0.0.0/33\"", "10.0.0.0/8,none": "not \"none\"", "proxy.internal": "not \"proxy.internal\"", "10.0.0.1:80": "not \"10.0.0.1:80\"",
	} {
		t.Setenv("TRUSTED_PROXIES", written)
		cfg, err := app.ConfigFromEnv(t.Output())
		got := fmt.Sprint(cfg.TrustedProxies)
		if cfg.TrustedProxies == nil {
			got = "<nil>"
		}
		if err != nil {
			got = messageOf(err, "TRUSTED_PROXIES")
		}
		if !strings.HasSuffix(got, want) && !strings.Contains(got, want+":") {
			t.Errorf("%q is %s, not %s", written, got, want)
		}
	}
}

func TestSSLModeByHost(t *testing.T) {
	clearEnv(t)
	setEnv(t, map[string]string{"DB_USER": "pw", "DB_PASSWORD": "secret"})
	for host, want := range map[string]string{
		"localhost": "disable", "127.0.0.1": "disable", "::1": "disable", "/run/postgresql": "disable", "/cloudsql/project:region:db": "disable", "@abstract": "disable",
		"db.example.com": "verify-full", "10.0.0.1": "verify-full", "run/postgresql": "verify-full",
	} {
		t.Setenv("DB_HOST", host)
		if cfg, err := app.ConfigFromEnv(t.Output()); err != nil || cfg.Database.SSLMode != want {
			t.Errorf("DB_HOST=%s: %s, %v; want %s", host, cfg.Database.SSLMode, err, want)
		}
	}
}

func TestAHost(t *testing.T) {
	clearEnv(t)
	for host, ok := range map[string]bool{
		"127.0.0.1": true, "::": true, "fe80::1%eth0": true, "localhost": true, "api.example.com": true, "my_box": true,
		"a b": false, "127.0.0": false, "http://x": false, "x:3000": false, "x..y": false, "[::1]": false,
	} {
		t.Setenv("HOST", host)
		if cfg, err := app.ConfigFromEnv(t.Output()); (err == nil) != ok || ok && cfg.Host != host {
			t.Errorf("HOST=%s: %v", host, err)
		}
	}
}

func TestTheErrorForAnEmulatorsPoolNamesTheIssuer(t *testing.T) {
	clearEnv(t)
	setEnv(t, map[string]string{"COGNITO_USER_POOL_ID": "local_x", "COGNITO_CLIENT_ID": "x", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://127.0.0.1:4566/"})
	_, err := app.ConfigFromEnv(t.Output())
	if message := messageOf(err, "COGNITO_ISSUER"); !strings.HasSuffix(message, " http://127.0.0.1:4566/local_x") {
		t.Errorf("%q", message)
	}
}

func TestVariablesThatNeedEachOther(t *testing.T) {
	cases := []struct {
		set     map[string]string
		missing string
	}{
		{map[string]string{"DB_USER": "pw"}, "DB_HOST"},
		{map[string]string{"DB_HOST": "db", "DB_PASSWORD": "x"}, "DB_USER"},
		{map[string]string{"DB_HOST": "db", "DB_USER": "pw"}, "DB_GATE_SECRET"},
		{map[string]string{"DB_HOST": "db", "DB_USER": "pw", "DB_GATE_SECRET": "sixteen bytes or more", "DB_PASSWORD_OLD": "old"}, "DB_PASSWORD"},
		{map[string]string{"COGNITO_CLIENT_ID": "x"}, "COGNITO_USER_POOL_ID"},
		{map[string]string{"COGNITO_USER_POOL_ID": "eu-west-1_x"}, "COGNITO_CLIENT_ID"},
		{map[string]string{"S3_BUCKET_NAME": "x"}, "AWS_REGION"},
		{map[string]string{"COGNITO_USER_POOL_ID": "local_x", "COGNITO_CLIENT_ID": "x"}, "AWS_REGION"},
		{map[string]string{"COGNITO_USER_POOL_ID": "local_x", "COGNITO_CLIENT_ID": "x", "AWS_REGION": "us-east-1"}, "COGNITO_ISSUER"},
	}
	for _, c := range cases {
		t.Run(c.missing, func(t *testing.T) {
			clearEnv(t)
			setEnv(t, c.set)
			if _, err := app.ConfigFromEnv(t.Output()); namedIn(err)[c.missing] != 1 {
				t.Errorf("with %v: %v", c.set, err)
			}
		})
	}
}

func TestSecretsAreMasked(t *testing.T) {
	clearEnv(t)
	setEnv(t, map[string]string{"DB_PASSWORD": "hunter2", "DB_GATE_SECRET": "hunter2", "COGNITO_CLIENT_SECRET": "hunter2", "OPERATOR_TOKEN": "hunter2"})
	variables, err := app.Variables()
	if err != nil {
		t.Fatal(err)
	}
	masked := 0
	for _, v := range variables {
		if v.Value == "hunter2" {
			t.Errorf("%s is shown", v.Name)
		}
		if v.Value == "[secret]" {
			masked++
		}
	}
	if masked != 4 {
		t.Errorf("%d variables are masked", masked)
	}
}

func clearEnv(t *testing.T) {
	t.Helper()
	variables, err := app.Variables()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if _, set := os.LookupEnv(v.Name); set {
			t.Setenv(v.Name, "") // restores it
			os.Unsetenv(v.Name)
		}
	}
}

func setEnv(t *testing.T, env map[string]string) {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// messageOf returns the mistake of the variable in err.
func messageOf(err error, variable string) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if mistake, ok := errors.AsType[*domain.Error](e); ok && mistake.Field == variable {
				return mistake.Message
			}
		}
	}
	return ""
}

// namedIn counts the mistakes of each variable in err.
func namedIn(err error) map[string]int {
	named := map[string]int{}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if mistake, ok := errors.AsType[*domain.Error](e); ok {
				named[mistake.Field]++
			}
		}
	}
	return named
}
