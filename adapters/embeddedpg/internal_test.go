package embeddedpg

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestTheServerOfTheData(t *testing.T) {
	root := t.TempDir()
	for folder, version := range map[string]string{"15": "15.18 (Fake)", "18": "18.1 (Fake)"} {
		bin := filepath.Join(root, folder, "bin")
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
		if err := errors.Join(os.MkdirAll(bin, 0o755), os.WriteFile(filepath.Join(bin, "initdb"), nil, 0o755), os.WriteFile(filepath.Join(bin, "postgres"), []byte(script), 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	data, newest := t.TempDir(), filepath.Join(root, "18", "bin")
	if err := os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &cluster{data: data}
	if err := c.findAmong(t.Context(), newest, filepath.Join(root, "*", "bin")); err != nil {
		t.Fatal(err)
	}
	if c.bin != filepath.Join(root, "15", "bin") || versionOf(c.version) != "15.18 (Fake)" {
		t.Errorf("the server is %s in %s", versionOf(c.version), c.bin)
	}
	if err := c.findAmong(t.Context(), newest, filepath.Join(t.TempDir(), "*", "bin")); err == nil || !strings.Contains(err.Error(), "apt-get install postgresql-15") {
		t.Errorf("without a server of the data's version: %v", err)
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
	a.host, a.port = `/tmp/a:b\c d`, 5432
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

func TestOldAccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postgres.pgpass")
	if err := os.WriteFile(path, []byte("127.0.0.1:20815:*:partywall:x\n127.0.0.1:20815:*:postgres:y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := readAccess(path); err != nil || got != (access{"127.0.0.1", 20815, "x", "y"}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatCannotBeEnded(t *testing.T) {
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	hangs := []serverProcess{{ended.ProcessState.Pid(), true}} // signals change nothing
	limits := patience{time.Millisecond, 2 * time.Millisecond, 3 * time.Millisecond}
	if left, err := end(t.Context(), func() []serverProcess { return hangs }, limits); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if left, err := end(t.Context(), func() []serverProcess { return nil }, limits); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestSocketFits(t *testing.T) {
	for length, want := range map[int]bool{80: true, 89: true, 95: false, 107: false} { // with 14 bytes of a name and a slash
		if got := socketFits("/" + strings.Repeat("x", length-1)); got != want {
			t.Errorf("a folder of %d bytes: %v", length, got)
		}
	}
}

func TestAdmitSocket(t *testing.T) {
	const old = "host all all 127.0.0.1/32 scram-sha-256"
	for before, want := range map[string]string{
		old + "\n":                      old + "\n" + hbaSocket,
		old:                             old + "\n" + hbaSocket,
		"# local is nothing\n" + old:    "# local is nothing\n" + old + "\n" + hbaSocket,
		" local all all reject\n" + old: " local all all reject\n" + old,
		hbaConf:                         hbaConf,
	} {
		c := &cluster{data: t.TempDir()}
		if err := os.WriteFile(filepath.Join(c.data, "pg_hba.conf"), []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.admitSocket(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(c.data, "pg_hba.conf")); err != nil || string(got) != want {
			t.Errorf("%q became %q", before, got)
		}
	}
}

func TestTemporaryParent(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if parent := temporaryParent(nil); parent != dir {
		t.Errorf("TMPDIR names %s, and it is %s", dir, parent)
	}
	t.Setenv("TMPDIR", "")
	if parent := temporaryParent(nil); (parent == memoryFolder) != memoryHasRoom() {
		t.Errorf("it is %s, and that memory has room is %t", parent, memoryHasRoom())
	}
}
