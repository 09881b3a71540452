package cli

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/disk"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// onAFullDisk runs a command that can write no file beyond 256 KiB.
func onAFullDisk(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{"-c", `ulimit -f 256 && exec "$0" "$@"`, os.Args[0]}, args...)...)
	return resultOf(t, cmd, env, t.TempDir())
}

// putLarge keeps a file of the tenant that does not compress.
func putLarge(t *testing.T, env map[string]string, tenant string) {
	t.Helper()
	store := domain.Must(disk.Open(filepath.Join(env["DATA_DIR"], "objects"), make([]byte, 32), &url.URL{}))
	defer store.Close()
	content := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content) // it returns no error
	key := domain.Must(domain.NewObjectKey(domain.Must(domain.ParseTenantID(tenant)), "large"))
	err := store.PutContent(t.Context(), key, ports.ObjectContent{Body: io.NopCloser(bytes.NewReader(content)), Size: int64(len(content))})
	if err != nil {
		t.Fatal(err)
	}
}

// TestAFullDiskLeavesNothing exports and imports a tenant with rows and a file, each of
// which is larger than the disk has room for. An export keeps the rows in a temporary file.
func TestAFullDiskLeavesNothing(t *testing.T) {
	env := product(onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error", "AWS_REGION": "eu-central-1"}))
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "rows", "--owner", "ada")
	do("tenants", "exec", "rows", "INSERT INTO invoices (cents) SELECT (random() * 1000000000)::int FROM generate_series(1, 200000)", "--write")
	do("tenants", "create", "disk", "--owner", "ada")
	putLarge(t, env, "disk")
	dir := t.TempDir()
	file := filepath.Join(dir, "whole.tar.zst")
	do("tenants", "export", "disk", "-o", file)

	for _, c := range []struct {
		says string
		args []string
	}{
		{"cannot write a temporary file, set TMPDIR to a folder with room", []string{"tenants", "export", "rows", "-o", filepath.Join(dir, "rows")}},
		{"cannot write the archive", []string{"tenants", "export", "disk", "-o", filepath.Join(dir, "files")}},
		{"file too large", []string{"tenants", "import", file, "--as", "copy"}},
	} {
		got := onAFullDisk(t, env, c.args...)
		if got.code != exitFailure || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.says) {
			t.Errorf("%v: want one line with %q: %+v", c.args, c.says, got)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("beside the whole archive there are %v, %v", entries, err)
	}
	do("tenants", "check")
	for _, path := range domain.Must(filepath.Glob(filepath.Join(env["DATA_DIR"], "objects", "*"))) {
		if filepath.Base(path) == "copy" {
			t.Errorf("%s is left", path)
		}
	}
	if out := do("tenants", "import", file, "--as", "copy"); !strings.Contains(out, "1 file") {
		t.Error(out)
	}
}
