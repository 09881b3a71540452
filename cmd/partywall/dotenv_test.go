package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAMistypedNameInDotEnv(t *testing.T) {
	cases := map[string]string{
		"TENANT_CREATON": "TENANT_CREATION", "DB_HOTS": "DB_HOST", "DB_PASSWROD": "DB_PASSWORD", "S3_BUCKET": "S3_BUCKET_NAME", "AWS_REGOIN": "AWS_REGION",
		"COGNITO_POOL_ID": "COGNITO_USER_POOL_ID", "UPLOAD_MAXSIZE": "UPLOAD_MAX_SIZE", "PROT": "PORT", "port": "",
		"DB_HOST": "", "DB_TEST": "", "COMPOSE_PROJECT_NAME": "", "POSTGRES_PASSWORD": "", "AWS_PROFILE": "", "AWS_ENDPOINT_URL_SES": "", "HTTPS_PROXY": "", "PATH": "", "HOME": "",
	}
	known, err := variableNames()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range cases {
		if got := mistyped(name, known); got != want {
			t.Errorf("%s is taken for %q, want %q", name, got, want)
		}
	}
}

func TestAMistypedNameInDotEnvStopsTheStart(t *testing.T) {
	got := runWithDotEnv(t, nil, "TENANT_CREATON=operator\nDB_HOTS=db\nCOMPOSE_PROJECT_NAME=x\n", "config")
	lines := strings.Split(strings.TrimSpace(got.err), "\n")
	if got.code != 1 || len(lines) != 2 || !strings.HasPrefix(lines[0], "partywall: DB_HOTS: ") || !strings.Contains(lines[0], "DB_HOST") || !strings.HasPrefix(lines[1], "partywall: TENANT_CREATON: ") {
		t.Errorf("%+v", got)
	}
	if got := runWithDotEnv(t, nil, "DB_HOTS=db\n", "--help"); got.code != 0 {
		t.Errorf("the help isn't given: %+v", got)
	}
}

func TestTheEnvironmentWinsOverDotEnv(t *testing.T) {
	got := runWithDotEnv(t, map[string]string{"PORT": "4000"}, "PORT=5000\nDATA_DIR=elsewhere\n", "config")
	if got.code != 0 || !strings.HasPrefix(got.out, "PORT=4000\n") || !strings.Contains(got.out, "\nDATA_DIR=elsewhere\n") {
		t.Errorf("%+v", got)
	}
}

// runWithDotEnv runs the program in a folder with this .env.
func runWithDotEnv(t *testing.T, env map[string]string, dotEnv string, args ...string) result {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(dotEnv), 0o600); err != nil {
		t.Fatal(err)
	}
	return runIn(t, dir, env, args...)
}
