package cli

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}, {"serve", "--help"}, {"setup", "--help"}, {"smoke", "--help"}, {"tenants", "--help"}, {"tenants", "create", "--help"},
		{"tenants", "list", "-h"}, {"tenants", "claim", "--help"}, {"doctor", "--help"}, {"config", "--help"}, {"version", "--help"}, {"version"}, {"config"}} {
		if got := runCommand(t, nil, args...); got.code != 0 || got.out == "" || got.err != "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	for _, args := range [][]string{{"fly"}, {"--fly"}, {"serve", "--fly"}, {"serve", "now"}, {"setup", "now"}, {"smoke"}, {"smoke", "--url", "nowhere"}, {"tenants"}, {"tenants", "fly"},
		{"tenants", "create"}, {"tenants", "create", "a", "b"}, {"tenants", "list", "x"}, {"tenants", "claim", "acme"}, {"version", "x"}, {"config", "-x"}, {"doctor", "x"}} {
		if got := runCommand(t, nil, args...); got.code != 2 || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, "; see: partywall") {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestConfigMasksSecretsAndIsADotEnvFile(t *testing.T) {
	got := runCommand(t, map[string]string{"DB_HOST": "localhost", "DB_USER": "pw", "DB_PASSWORD": "hunter2", "PORT": "4000"}, "config")
	if got.code != 0 || strings.Contains(got.out, "hunter2") || !strings.Contains(got.out, "DB_PASSWORD=[secret]\n") || !strings.Contains(got.out, "PORT=4000\n") || !strings.Contains(got.out, "DB_MAX_CONNS=20\n") {
		t.Errorf("%+v", got)
	}
	for _, line := range []string{"# HOST is empty: 127.0.0.1\nHOST=\n", "# PUBLIC_URL is empty: http://localhost:4000\n", "# DB_SSLMODE is empty: disable\n", "# COGNITO_USER_POOL_ID is empty: built-in identities\n"} {
		if !strings.Contains(got.out, line) {
			t.Errorf("it lacks %q:\n%s", line, got.out)
		}
	}
	if got := runCommand(t, nil, "config"); !strings.Contains(got.out, "# DB_HOST is empty: a private PostgreSQL") || !strings.Contains(got.out, "# S3_BUCKET_NAME is empty: files on disk, in .partywall/objects\n") {
		t.Errorf("%+v", got)
	}
}

func TestEveryMistakeStopsTheStartWithALineOfItsOwn(t *testing.T) {
	got := runCommand(t, map[string]string{"PORT": "x", "TENANT_CREATION": "everyone", "DB_USER": "pw"}, "serve")
	lines := strings.Split(strings.TrimSpace(got.err), "\n")
	if got.code != 1 || len(lines) != 3 {
		t.Fatalf("%+v", got)
	}
	for i, variable := range []string{"PORT", "TENANT_CREATION", "DB_HOST"} {
		if !strings.HasPrefix(lines[i], "partywall: "+variable+": ") {
			t.Errorf("line %d is %q", i, lines[i])
		}
	}
}

func TestWhatAMistypedVariableWouldCauseIsRefused(t *testing.T) {
	cases := map[string]struct {
		env    map[string]string
		naming string
	}{
		"real next to built-in parts":      {map[string]string{"DB_HOST": "localhost", "DB_USER": "pw", "DB_PASSWORD": "x"}, "COGNITO_USER_POOL_ID and S3_BUCKET_NAME"},
		"built-in parts that others reach": {map[string]string{"HOST": "0.0.0.0"}, "HOST"},
		"built-in parts on an address":     {map[string]string{"HOST": "192.0.2.1"}, "HOST"},
		"all three of them":                {map[string]string{"HOST": "::"}, "database, identities and files;"},
		"a name that leads nowhere":        {map[string]string{"HOST": "no.such.host.invalid"}, "HOST: \"no.such.host.invalid\" is not an address"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { oneLine(t, runCommand(t, c.env, "serve"), c.naming) })
	}
}

func TestAStartThatCannotBe(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := strconv.Itoa(taken.Addr().(*net.TCPAddr).Port)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	oneLine(t, runCommand(t, map[string]string{"PORT": port}, "serve", "--memory"), "port "+port+" is taken")
	oneLine(t, runCommand(t, map[string]string{"PORT": strconv.Itoa(freePort(t)), "DATA_DIR": filepath.Join(file, "data")}, "serve"), "DATA_DIR="+file)
	oneLine(t, runCommand(t, map[string]string{"DATA_DIR": filepath.Join(file, "data")}, "tenants", "list"), "DATA_DIR="+file)
	oneLine(t, runCommand(t, map[string]string{"HOST": "no.such.host.invalid", "PORT": strconv.Itoa(freePort(t))}, "serve", "--memory", "--expose"), "HOST")
}

func TestADotEnvFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ".env"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	var errs strings.Builder
	if code := (Program{}).Run(t.Context(), []string{"version"}, io.Discard, &errs); code != 1 || !strings.Contains(errs.String(), ".env") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

// oneLine requires exit 1 and one line that names what is wrong, without a stack.
func oneLine(t *testing.T, got result, naming string) {
	t.Helper()
	if got.code != 1 || strings.Count(got.err, "\n") != 1 || !strings.HasPrefix(got.err, "partywall: ") || !strings.Contains(got.err, naming) {
		t.Errorf("exit %d, want one line with %q:\n%s", got.code, naming, got.err)
	}
}
