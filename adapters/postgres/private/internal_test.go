package private

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

func TestNewestServer(t *testing.T) {
	root := t.TempDir()
	pattern := filepath.Join(root, "*", "bin")
	if _, err := newestOf(pattern); !errors.Is(err, ErrNoBinaries) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("no server: %v", err)
	}
	for _, version := range []string{"9.6", "15", "18", "19"} {
		bin := filepath.Join(root, version, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"initdb", "postgres"} {
			if version == "19" && name == "postgres" {
				continue // a client's package
			}
			if err := os.WriteFile(filepath.Join(bin, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	if dir, err := newestOf(pattern); err != nil || dir != filepath.Join(root, "18", "bin") {
		t.Errorf("found %s, %v", dir, err)
	}
}

func TestFindBinariesFollowsLinks(t *testing.T) {
	actual, path := t.TempDir(), t.TempDir()
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(actual, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(actual, "initdb"), filepath.Join(path, "initdb")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path)
	want, err := filepath.EvalSymlinks(actual)
	if err != nil {
		t.Fatal(err)
	}
	if dir, err := FindBinaries(); err != nil || dir != want {
		t.Errorf("found %s, %v; want %s", dir, err, want)
	}
}

func TestServersTooOldOrUnknown(t *testing.T) {
	for answer, want := range map[string]string{
		"postgres (PostgreSQL) 14.9 (Debian)": "PostgreSQL 14 in",
		"hello":                               "no version of PostgreSQL",
	} {
		bin := t.TempDir()
		if err := os.WriteFile(filepath.Join(bin, "postgres"), []byte("#!/bin/sh\necho '"+answer+"'\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, _, err := serverVersion(t.Context(), bin, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestWrongOwner(t *testing.T) {
	dir := t.TempDir()
	other := &childserver.Account{Name: "somebody", UID: uint32(os.Geteuid()) + 1}
	if err := checkOwner(other, dir); err == nil || !strings.Contains(err.Error(), "chown -R") {
		t.Errorf("%v", err)
	}
	var ourselves *childserver.Account
	if err := checkOwner(ourselves, dir); err != nil {
		t.Error(err)
	}
}

func TestComplaint(t *testing.T) {
	for _, c := range []struct{ name, output, want string }{
		{"a fatal line", "2026 UTC [1] LOG:  starting\n2026 UTC [1] FATAL:  it hurts\n2026 UTC [1] LOG:  shut down\n", "FATAL: it hurts"},
		{"a full disk", "initdb: error: could not write file \"x\": No space left on device\n",
			"the disk is full: initdb: error: could not write file \"x\": No space left on device"},
		{"a disk that is full after half a page", "FATAL:  could not extend file \"base/1\": wrote only 4096 of 8192 bytes at block 20\n",
			"the disk is full: FATAL: could not extend file \"base/1\": wrote only 4096 of 8192 bytes at block 20"},
		{"none of the known", "one\ntwo\n\n", "two"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := complaint(c.output); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postgres.pgpass")
	if _, err := readAccess(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	a := newAccess()
	a.port = 20815
	if err := a.write(path); err != nil {
		t.Fatal(err)
	}
	if got, err := readAccess(path); err != nil || got != a {
		t.Errorf("read something else than was written: %v", err)
	}
	if err := os.WriteFile(path, []byte("127.0.0.1:1:*:postgres:x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAccess(path); err == nil || !strings.Contains(err.Error(), "remove the file") {
		t.Errorf("half a file: %v", err)
	}
}
