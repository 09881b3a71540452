package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
		t.Errorf("the help is not printed: %+v", got)
	}
}

func TestTheEnvironmentWinsOverDotEnv(t *testing.T) {
	got := runWithDotEnv(t, map[string]string{"PORT": "4000"}, "PORT=5000\nDATA_DIR=elsewhere\n", "config")
	if got.code != 0 || !strings.HasPrefix(got.out, "PORT=4000\n") || !strings.Contains(got.out, "\nDATA_DIR=elsewhere\n") {
		t.Errorf("%+v", got)
	}
}

func TestDotEnvThatCannotBeRead(t *testing.T) {
	const secret = "QmFzZTY0"
	for name, c := range map[string]struct{ text, want string }{
		"a stray character in a name": {"PORT=4000\nDB_PASS WORD=" + secret + "\nOPERATOR_TOKEN=" + secret + "\n", "line 2: "},
		"an open quote":               {"DB_PASSWORD='" + secret + "\nOPERATOR_TOKEN=" + secret + "\n", "line 1: "},
		"a $ in a value":              {"PORT=4000\nDB_PASSWORD=" + secret + "$HOME\n", "line 2: the value has a $"},
		"a $ in one of AWS's":         {"AWS_SECRET_ACCESS_KEY=\"" + secret + "$x\"\n", "line 1: the value has a $"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runWithDotEnv(t, nil, c.text, "config")
			if got.code != 1 || !strings.HasPrefix(got.err, "partywall: .env "+c.want) || strings.Count(got.err, "\n") != 1 || strings.Contains(got.out+got.err, secret) {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestDollarsInDotEnv(t *testing.T) {
	got := runWithDotEnv(t, nil, "DATA_DIR='a$b'\nOTHER=c$d\n", "config")
	if got.code != 0 || !strings.Contains(got.out, "\nDATA_DIR=a$b\n") || !strings.HasPrefix(got.err, "partywall: .env line 2: ") {
		t.Errorf("%+v", got)
	}
	if got := runWithDotEnv(t, map[string]string{"OTHER": "x"}, "OTHER=c$d\n", "config"); got.code != 0 || got.err != "" {
		t.Errorf("a value that the environment replaces: %+v", got)
	}
}

func TestDotEnvOfAnotherUser(t *testing.T) {
	run := func(t *testing.T, write func(path string) error) result {
		t.Helper()
		dir := t.TempDir()
		if err := write(filepath.Join(dir, ".env")); err != nil {
			t.Fatal(err)
		}
		return runIn(t, dir, nil, "config")
	}
	t.Run("one that all may write", func(t *testing.T) {
		got := run(t, func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("PORT=4000\n"), 0o600), os.Chmod(path, 0o666))
		})
		if got.code != 1 || !strings.Contains(got.err, "chmod go-w .env") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("one that belongs to another user", func(t *testing.T) {
		if os.Geteuid() != 0 {
			return // only root can give a file away
		}
		got := run(t, func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("PORT=4000\n"), 0o600), os.Chown(path, 12345, 12345))
		})
		if got.code != 1 || !strings.Contains(got.err, "user ID 12345") || strings.Contains(got.out, "4000") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a pipe", func(t *testing.T) {
		got := run(t, func(path string) error { return syscall.Mkfifo(path, 0o600) })
		if got.code != 1 || !strings.Contains(got.err, "regular file") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a link to one's own", func(t *testing.T) {
		got := run(t, func(path string) error {
			return errors.Join(os.WriteFile(path+".real", []byte("PORT=4000\n"), 0o600), os.Symlink(path+".real", path))
		})
		if got.code != 0 || !strings.HasPrefix(got.out, "PORT=4000\n") {
			t.Errorf("%+v", got)
		}
	})
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
