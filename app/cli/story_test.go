package cli

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/app"
)

func TestREADMEHasTheStory(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), "```sh\n"+storyScript+"```\n") {
		t.Error("the story in README.md differs from story.sh")
	}
}

func TestTheStoryOnMemory(t *testing.T) {
	s := serveProgram(t, nil, "--memory")
	walkStory(t, s)
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d on SIGTERM", code)
	}
}

func TestTheStoryWithNothingConfigured(t *testing.T) {
	needPostgres(t)
	env := map[string]string{"DATA_DIR": filepath.Join(t.TempDir(), "data")}
	s := serveProgram(t, env)
	for _, part := range []string{"private PostgreSQL", "built in", "on disk", "to the log", "/docs", "claimToken"} {
		if !strings.Contains(s.said(), part) {
			t.Errorf("the banner does not state %q", part)
		}
	}
	cluster := clusterOf(t, s)
	walkStory(t, s)
	if got := runCommand(t, env, "tenants", "list"); got.code != 0 || !strings.Contains(got.out, "acme") {
		t.Errorf("tenants list beside the server: %+v", got)
	}
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d on SIGTERM", code)
	}

	t.Run("a second start finds everything again", func(t *testing.T) {
		began := time.Now()
		again := serveProgram(t, env)
		t.Logf("ready after %s", time.Since(began))
		if code := statusOf(t, again, "acme"); code != http.StatusOK {
			t.Errorf("the tenant answers %d", code)
		}
		if err := again.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-again.ended
	})
	t.Run("so does a start after kill -9", func(t *testing.T) {
		again := serveProgram(t, env)
		if code := statusOf(t, again, "acme"); code != http.StatusOK {
			t.Errorf("the tenant answers %d", code)
		}
		again.stop(t)
	})
	t.Run("no process outlives it", func(t *testing.T) {
		awaitNone(t, cluster)
	})
	t.Run("the commands start the database where none runs", func(t *testing.T) {
		if got := runCommand(t, env, "tenants", "create", "bolt", "--name", "Bolt"); got.code != 0 || !strings.Contains(got.out, "created bolt") {
			t.Errorf("%+v", got)
		}
		if got := runCommand(t, env, "tenants", "create", "bolt"); got.code != 1 || strings.Count(got.err, "\n") != 1 {
			t.Errorf("a taken ID: %+v", got)
		}
		oneLine(t, runCommand(t, env, "tenants", "create", "cord", "--owner", "unknown-user"), "unknown-user")
		oneLine(t, runCommand(t, env, "tenants", "create", "cord", "--owner", "local/unknown-user"), `the sub "unknown-user"`)
		if got := runCommand(t, env, "tenants", "create", "cord"); got.code != 0 {
			t.Errorf("an ID whose owner was mistyped: %+v", got)
		}
		if got := runCommand(t, env, "setup"); got.code != 0 || got.out == "" {
			t.Errorf("setup again: %+v", got)
		}
		awaitNone(t, cluster)
	})
}

// realParts starts a server for each part, and returns the configuration of a program
// in which nothing is built in.
func realParts(t *testing.T) map[string]string {
	t.Helper()
	needPostgres(t)
	return configured(t, realservers.CognitoLocal(t), realservers.S3(t))
}

// configured returns the configuration of a program that uses the pool, the bucket, and a
// database server of the test's own.
func configured(t *testing.T, pool *realservers.Cognito, bucket *realservers.ObjectServer) map[string]string {
	t.Helper()
	db, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	env := map[string]string{
		"DB_HOST": db.Host, "DB_PORT": strconv.Itoa(db.Port), "DB_USER": db.User, "DB_PASSWORD": db.Password.Reveal(), "DB_NAME": "story",
		"COGNITO_USER_POOL_ID": pool.PoolID, "COGNITO_CLIENT_ID": pool.ClientID, "COGNITO_ISSUER": pool.Issuer, "COGNITO_JWKS_URL": pool.JWKSURL,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": pool.Endpoint, "HOST": "127.0.0.1",
	}
	onBucket(env, bucket)
	return env
}

// onBucket adds the variables of a bucket to env.
func onBucket(env map[string]string, bucket *realservers.ObjectServer) {
	maps.Copy(env, map[string]string{
		"S3_BUCKET_NAME": bucket.Bucket, "S3_FORCE_PATH_STYLE": "true", "AWS_ENDPOINT_URL_S3": bucket.Endpoint,
		"AWS_REGION": bucket.Region, "AWS_ACCESS_KEY_ID": bucket.AccessKey, "AWS_SECRET_ACCESS_KEY": bucket.SecretKey,
	})
}

func TestTheStoryOnRealServers(t *testing.T) {
	env := realParts(t)

	t.Run("a database without a setup stops the start, naming setup", func(t *testing.T) {
		env["PORT"] = strconv.Itoa(freePort(t))
		oneLine(t, runCommand(t, env, "serve"), "partywall setup")
		delete(env, "PORT")
	})
	got := runCommand(t, env, "setup")
	if got.code != 0 {
		t.Fatalf("setup: %+v", got)
	}
	if !strings.Contains(got.out, "check the user pool: ") || !strings.Contains(got.out, "AttributesRequireVerificationBeforeUpdate=email") {
		t.Errorf("setup does not warn about a changed address that counts unverified: %s", got.out)
	}
	t.Run("doctor makes every check", func(t *testing.T) { seesADoctor(t, env) })
	t.Run("a wrong password is one line", func(t *testing.T) {
		wrong := maps.Clone(env)
		wrong["DB_PASSWORD"], wrong["PORT"] = "wrong", strconv.Itoa(freePort(t))
		oneLine(t, runCommand(t, wrong, "serve"), "DB_PASSWORD")
	})

	s := serveProgram(t, env)
	smokes(t, s, "--code", realservers.CognitoCode)
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d on SIGTERM", code)
	}
	for _, secret := range []string{env["DB_PASSWORD"], env["AWS_SECRET_ACCESS_KEY"], realservers.CognitoCode, "X-Amz-Signature", "eyJ"} {
		if strings.Contains(s.said(), secret) {
			t.Errorf("the log has %.8s...", secret)
		}
	}
}

// seesADoctor requires that the installation has no mistakes, except those of an emulator
// and a database without durability.
func seesADoctor(t *testing.T, env map[string]string) {
	t.Helper()
	got := runCommand(t, env, "doctor")
	for _, check := range app.Checks() {
		line := lineWith(got.out, " "+check.Name+" ")
		switch {
		case strings.HasPrefix(check.Name, "mail-"), check.Name == "private-database": // neither EMAIL_SENDER is set nor DB_HOST missing
		case line == "":
			t.Errorf("check %s was not run", check.Name)
		case strings.HasPrefix(line, "error ") && check.Name != "database-durability":
			t.Error(line)
		}
	}
	for _, secret := range []string{env["DB_PASSWORD"], env["AWS_SECRET_ACCESS_KEY"]} {
		if strings.Contains(got.out, secret) {
			t.Errorf("it contains %.8s...", secret)
		}
	}
}

func TestADatabaseThatIsUnavailableAtTheStart(t *testing.T) {
	env := map[string]string{"DB_HOST": "127.0.0.1", "DB_PORT": strconv.Itoa(freePort(t)), "DB_USER": "pw", "DB_PASSWORD": "x", "DATA_DIR": t.TempDir()}
	s := startProgram(t, env, "--mixed")
	deadline := time.Now().Add(time.Minute)
	for status(t.Context(), s.url+"/healthz") != http.StatusOK {
		if time.Now().After(deadline) {
			t.Fatalf("it does not run: %s", s.said())
		}
		time.Sleep(20 * time.Millisecond)
	}
	if code := status(t.Context(), s.url+"/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz is %d without a database", code)
	}
	awaitSaid(t, s, "check DB_HOST")
	if code := s.stop(t); code != 0 {
		t.Errorf("exit %d on SIGTERM", code)
	}
}

// walkStory runs README's curl lines, and smoke, against s.
func walkStory(t *testing.T, s *server) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", strings.Replace(storyScript, "http://localhost:3000", s.url, 1))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the story failed: %v\n%s", err, out)
	}
	for _, want := range []string{`"UserConfirmed":true`, `"role":"owner"`, "Hello, Acme!", `"code":"tenant_not_found"`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the story does not show %s:\n%s", want, out)
		}
	}
	smokes(t, s)
}

func smokes(t *testing.T, s *server, args ...string) {
	t.Helper()
	got := runCommand(t, nil, append([]string{"smoke", "--url", s.url}, args...)...)
	if got.code != 0 || strings.Count(got.out, "✓") != 14 {
		t.Errorf("smoke: %+v", got)
	}
}

func statusOf(t *testing.T, s *server, tenant string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Tenant-ID", tenant)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// needPostgres skips the test on a machine without PostgreSQL, unless in CI.
func needPostgres(t *testing.T) {
	t.Helper()
	_, err := embeddedpg.FindBinaries()
	realservers.Need(t, err)
}

// clusterOf returns the folder of the private PostgreSQL's data, from the banner. Root's
// data are outside the data folder, and are removed with the test.
func clusterOf(t *testing.T, s *server) string {
	t.Helper()
	found := regexp.MustCompile(`its data in (\S+)`).FindStringSubmatch(s.said())
	if found == nil {
		t.Fatalf("the banner does not state where the data lie: %s", s.said())
	}
	t.Cleanup(func() { _ = errors.Join(os.RemoveAll(found[1]), os.RemoveAll(found[1]+".socket")) })
	return found[1]
}

// awaitNone waits until no process has folder in its command line.
func awaitNone(t *testing.T, folder string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		out, err := exec.CommandContext(t.Context(), "ps", "axww", "-o", "args").Output()
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(out), folder) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("processes of %s live on:\n%s", folder, out)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
