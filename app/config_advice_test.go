package app_test

import (
	"context"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/ports/doctor"
)

// wellSetEnv is the environment of an installation without mistakes.
func wellSetEnv() map[string]string {
	return map[string]string{
		"DB_HOST": "db.example.com", "DB_USER": "pw", "DB_PASSWORD": "secret",
		"COGNITO_USER_POOL_ID": "eu-central-1_abc", "COGNITO_CLIENT_ID": "client", "S3_BUCKET_NAME": "bucket",
		"PUBLIC_URL": "https://api.example.com", "TRUSTED_PROXIES": "10.0.0.0/8", "TENANT_CREATION": "authenticated",
		"UPLOAD_REQUIRE_SIZE": "true", "EMAIL_SENDER": "noreply@example.com",
	}
}

// changed returns env with other values; an empty one unsets its variable.
func changed(env map[string]string, values ...map[string]string) map[string]string {
	env = maps.Clone(env)
	for _, set := range values {
		maps.Copy(env, set)
	}
	return env
}

// findingIn returns the finding of check about the configuration of an environment.
func findingIn(t *testing.T, env map[string]string, check string) doctor.Finding {
	t.Helper()
	clearEnv(t)
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	setEnv(t, env)
	cfg, err := app.ConfigFromEnv(t.Output())
	if err != nil {
		t.Fatalf("with %v: %v", env, err)
	}
	for _, f := range app.CheckConfig(t.Context(), cfg) {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("there is no check %s", check)
	return doctor.Finding{}
}

// TestTheAdviceAboutTheConfiguration follows the fix of each finding, and requires that
// the finding disappears. The fix contains every variable and value that a row sets.
func TestTheAdviceAboutTheConfiguration(t *testing.T) {
	operatorToken := hex.EncodeToString(make([]byte, 32)) // the form of openssl rand -hex 32
	for name, c := range map[string]struct {
		env    map[string]string // the mistake
		check  string
		fix    []string            // parts of the text that the rows below follow
		follow []map[string]string // each one is a way to do what the text says
	}{
		"a forgotten pool": {map[string]string{"COGNITO_USER_POOL_ID": "", "COGNITO_CLIENT_ID": "", "AWS_REGION": "eu-central-1"}, "built-in",
			[]string{"set COGNITO_USER_POOL_ID"}, []map[string]string{{"COGNITO_USER_POOL_ID": "eu-central-1_abc", "COGNITO_CLIENT_ID": "client"}}},
		"a forgotten bucket": {map[string]string{"S3_BUCKET_NAME": ""}, "built-in",
			[]string{"set S3_BUCKET_NAME"}, []map[string]string{{"S3_BUCKET_NAME": "bucket"}}},
		"a forgotten server": {map[string]string{"DB_HOST": "", "DB_USER": "", "DB_PASSWORD": ""}, "built-in",
			[]string{"set DB_HOST"}, []map[string]string{{"DB_HOST": "db.example.com", "DB_USER": "pw", "DB_PASSWORD": "secret"}}},
		"tenants by all callers": {map[string]string{"TENANT_CREATION": "open"}, "tenant-creation",
			[]string{"set TENANT_CREATION to authenticated", "operator, with an OPERATOR_TOKEN"},
			[]map[string]string{{"TENANT_CREATION": "authenticated"}, {"TENANT_CREATION": "operator", "OPERATOR_TOKEN": operatorToken}}},
		"tenants by no caller": {map[string]string{"TENANT_CREATION": "operator"}, "tenant-creation",
			[]string{"set OPERATOR_TOKEN", "openssl rand -hex 32"}, []map[string]string{{"OPERATOR_TOKEN": operatorToken}}},
		"links to the reader's own machine": {map[string]string{"PUBLIC_URL": ""}, "public-url",
			[]string{"set PUBLIC_URL", "https://api.example.com"}, []map[string]string{{"PUBLIC_URL": "https://api.example.com"}}},
		"passwords in the open": {map[string]string{"PUBLIC_URL": "http://api.example.com"}, "public-url",
			[]string{"set PUBLIC_URL to the https address"}, []map[string]string{{"PUBLIC_URL": "https://api.example.com"}}},
		"a proxy that no variable names": {map[string]string{"TRUSTED_PROXIES": ""}, "proxies",
			[]string{"set TRUSTED_PROXIES", "none"}, []map[string]string{{"TRUSTED_PROXIES": "10.1.2.3"}, {"TRUSTED_PROXIES": "none"}}},
		"every caller a proxy": {map[string]string{"TRUSTED_PROXIES": "0.0.0.0/0"}, "proxies",
			[]string{"set TRUSTED_PROXIES to the load balancer's subnets"}, []map[string]string{{"TRUSTED_PROXIES": "172.31.0.0/20,172.31.16.0/20"}}},
		"pages without TLS": {map[string]string{"CORS_ALLOW_ORIGINS": "http://app.example.com"}, "origins",
			[]string{"out of CORS_ALLOW_ORIGINS", "https"}, []map[string]string{{"CORS_ALLOW_ORIGINS": ""}, {"CORS_ALLOW_ORIGINS": "https://app.example.com"}}},
		"uploads without a size": {map[string]string{"UPLOAD_REQUIRE_SIZE": ""}, "upload-size",
			[]string{"UPLOAD_REQUIRE_SIZE=true"}, []map[string]string{{"UPLOAD_REQUIRE_SIZE": "true"}}},
		"mail that goes to the log": {map[string]string{"EMAIL_SENDER": ""}, "mail",
			[]string{"set EMAIL_SENDER"}, []map[string]string{{"EMAIL_SENDER": "noreply@example.com"}}},
		"a sender, and nothing to send by": {
			map[string]string{"COGNITO_USER_POOL_ID": "", "COGNITO_CLIENT_ID": "", "S3_BUCKET_NAME": "", "AWS_REGION": "eu-central-1"}, "mail",
			[]string{"unset EMAIL_SENDER", "COGNITO_USER_POOL_ID", "S3_BUCKET_NAME"},
			[]map[string]string{{"EMAIL_SENDER": ""}, {"S3_BUCKET_NAME": "bucket"}, {"COGNITO_USER_POOL_ID": "eu-central-1_abc", "COGNITO_CLIENT_ID": "client"}}},
		"a log with too much":   {map[string]string{"LOG_LEVEL": "debug"}, "log-level", []string{"LOG_LEVEL=info"}, []map[string]string{{"LOG_LEVEL": "info"}}},
		"a log with too little": {map[string]string{"LOG_LEVEL": "error"}, "log-level", []string{"LOG_LEVEL=info"}, []map[string]string{{"LOG_LEVEL": "info"}}},
	} {
		t.Run(name, func(t *testing.T) {
			env := changed(wellSetEnv(), c.env)
			f := findingIn(t, env, c.check)
			if f.Severity != doctor.Error && f.Severity != doctor.Warning {
				t.Fatalf("it finds no mistake: %+v", f)
			}
			for _, part := range c.fix {
				if !strings.Contains(f.Fix, part) {
					t.Errorf("the fix doesn't name %q: %q", part, f.Fix)
				}
			}
			for _, values := range c.follow {
				if f := findingIn(t, changed(env, values), c.check); f.Severity != doctor.OK {
					t.Errorf("with %v it still finds %+v", values, f)
				}
			}
		})
	}
}

// TestTheAdviceForATrialThatOthersReach follows the two steps from links that lead
// nowhere to a safe address.
func TestTheAdviceForATrialThatOthersReach(t *testing.T) {
	env := map[string]string{"HOST": "0.0.0.0"}
	links := findingIn(t, env, "public-url")
	for _, address := range []string{"https://api.example.com", "http://192.0.2.1:3000"} {
		if !strings.Contains(links.Fix, address) {
			t.Errorf("the fix doesn't name %s: %q", address, links.Fix)
		}
	}
	if f := findingIn(t, changed(env, map[string]string{"PUBLIC_URL": "https://api.example.com"}), "public-url"); f.Severity != doctor.OK {
		t.Errorf("%+v", f)
	}
	open := findingIn(t, changed(env, map[string]string{"PUBLIC_URL": "http://192.0.2.1:3000"}), "public-url")
	if open.Severity != doctor.Warning || !strings.Contains(open.Summary, "in the open") || !strings.Contains(open.Fix, "https") {
		t.Errorf("what the advice led to is %+v", open)
	}
}

// TestTheAdviceAboutSettingsOfAWS lets the SDK read a file that does not exist.
func TestTheAdviceAboutSettingsOfAWS(t *testing.T) {
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	clearEnv(t)
	t.Setenv("AWS_CA_BUNDLE", bundle)
	cfg := app.Config{S3: app.S3{Bucket: "bucket"}, Region: "eu-central-1"}
	ended, cancel := context.WithCancel(t.Context())
	cancel() // no server is asked
	settings := func() (f doctor.Finding) {
		for _, f := range app.RunChecks(ended, cfg) {
			if f.Check == "aws" {
				return f
			}
		}
		return doctor.Finding{}
	}
	if f := settings(); f.Severity != doctor.Error || !strings.Contains(f.Summary, bundle) || !strings.Contains(f.Fix, "file or the variable that is named") {
		t.Errorf("%+v", f)
	}
	if err := os.Unsetenv("AWS_CA_BUNDLE"); err != nil {
		t.Fatal(err)
	}
	if f := settings(); f.Check != "" {
		t.Errorf("without the variable: %+v", f)
	}
}

// proposals match the values that a mistake's text proposes. Each group is one value.
var proposals = []*regexp.Regexp{
	regexp.MustCompile(`such as ([^ ,]+)(?: or ([^ ,]+))?`),
	regexp.MustCompile(`, or ([^ ,]+) for all`),
	regexp.MustCompile(`from ([\w.]+) to ([\w.]+)`),
	regexp.MustCompile(`is (true) or (false)`),
	regexp.MustCompile(`is one of (\w[\w-]*), (\w[\w-]*)(?:, (\w[\w-]*))?(?:, (\w[\w-]*))?,`),
	regexp.MustCompile(`(?:write|browsers send it as) ([a-z0-9][^ ,]*[./:][^ ,]*)`),
}

// TestAMistakeProposesAValueThatIsAccepted sets every value that a mistake's text
// names as an example, and requires that the mistake disappears.
func TestAMistakeProposesAValueThatIsAccepted(t *testing.T) {
	database := map[string]string{"DB_HOST": "db", "DB_USER": "pw", "DB_PASSWORD": "x"}
	emulator := map[string]string{"COGNITO_USER_POOL_ID": "local_x", "COGNITO_CLIENT_ID": "x"}
	for _, c := range []struct {
		variable, value string
		with            map[string]string
	}{
		{"PORT", "70000", nil}, {"HOST", "a b", nil}, {"PUBLIC_URL", "ftp://x", nil}, {"DB_PORT", "x", database}, {"DB_SSLMODE", "maybe", database}, {"DB_MAX_CONNS", "1", database},
		{"DB_ACQUIRE_TIMEOUT", "0s", nil}, {"DB_STATEMENT_TIMEOUT", "30", nil}, {"DB_LOCK_TIMEOUT", "-5s", nil}, {"DB_IDLE_TIMEOUT", "forever", nil},
		{"S3_FORCE_PATH_STYLE", "yes", nil}, {"S3_PUBLIC_ENDPOINT", "files", map[string]string{"S3_BUCKET_NAME": "x", "AWS_REGION": "eu-central-1"}},
		{"LOCAL_REQUIRE_CONFIRMATION", "1", nil}, {"EMAIL_SENDER", "nobody", map[string]string{"AWS_REGION": "eu-central-1"}}, {"TENANT_CREATION", "everyone", nil},
		{"INVITATION_URL", "/join", nil}, {"TENANTS_PER_OWNER", "0", nil}, {"TENANT_GRACE", "30", nil}, {"TENANT_ROLES", "maybe", nil}, {"UPLOAD_MAX_SIZE", "5GiB", nil}, {"UPLOAD_REQUIRE_SIZE", "no", nil},
		{"TRUSTED_PROXIES", "proxy", nil}, {"TRUSTED_PROXIES", "::ffff:10.0.0.0/104", nil}, {"CORS_ALLOW_ORIGINS", "app.example.com", nil},
		{"CORS_ALLOW_ORIGINS", "https://App.example.com:443/", nil}, {"CORS_ALLOW_ORIGINS", "wss://app.example.com", nil},
		{"API_DOCS", "hidden", nil}, {"LOG_LEVEL", "loud", nil}, {"LOG_FORMAT", "xml", nil}, {"DATA_DIR", "", nil},
		{"AWS_REGION", "", map[string]string{"S3_BUCKET_NAME": "x"}}, {"AWS_REGION", "", emulator}, {"COGNITO_ISSUER", "", changed(emulator, map[string]string{"AWS_REGION": "us-east-1"})},
	} {
		t.Run(c.variable+"="+c.value, func(t *testing.T) {
			clearEnv(t)
			setEnv(t, c.with)
			t.Setenv(c.variable, c.value)
			_, err := app.ConfigFromEnv(t.Output())
			values := proposedIn(messageOf(err, c.variable))
			if len(values) == 0 {
				t.Fatalf("%v proposes nothing", err)
			}
			for _, value := range values {
				t.Setenv(c.variable, value)
				if _, err := app.ConfigFromEnv(t.Output()); messageOf(err, c.variable) != "" {
					t.Errorf("%q: %v", value, err)
				}
			}
		})
	}
}

func proposedIn(message string) (values []string) {
	for _, p := range proposals {
		for _, found := range p.FindAllStringSubmatch(message, -1) {
			for _, value := range found[1:] {
				if value != "" {
					values = append(values, value)
				}
			}
		}
	}
	return values
}
