package cli

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheOperatorMovesATenantToAnotherInstallation exports a tenant, imports it into a
// second installation, and clones it there.
func TestTheOperatorMovesATenantToAnotherInstallation(t *testing.T) {
	pool := map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error", "AWS_REGION": "eu-central-1"}
	here := product(onServer(t, pool))
	there := maps.Clone(here)
	there["DB_NAME"], there["DATA_DIR"] = "second", filepath.Join(t.TempDir(), "data")
	do, doThere := succeeding(t, here), succeeding(t, there)
	do("setup")
	doThere("setup")
	do("tenants", "create", "acme", "--owner", "ada", "--name", "Acme Bricks")
	do("members", "grant", "acme", "bob", "--role", "member", "--reason", "a colleague")
	do("tenants", "exec", "acme", "WITH gone AS (DELETE FROM invoices) INSERT INTO invoices (cents) VALUES (12), (34)", "--write")
	do("tenants", "suspend", "acme", "--reason", "moving")

	dir := t.TempDir()
	file := filepath.Join(dir, "acme.tar.zst")
	if out := do("tenants", "export", "acme", "-o", file); out != "exported acme: 1 table, 2 rows, 2 members, 0 files\n" {
		t.Errorf("%q", out)
	}
	info, err := os.Stat(file)
	if entries, readErr := os.ReadDir(dir); err != nil || readErr != nil || info.Mode().Perm() != 0o600 || len(entries) != 1 {
		t.Errorf("%v, %v, %v", info, entries, err)
	}
	got := object(t, doThere("tenants", "import", file, "--as", "bolt", "--json"))
	if got["tenantId"] != "bolt" || got["name"] != "Acme Bricks" || got["rows"] != 2.0 || got["members"] != 2.0 || got["missingMembers"] != 0.0 {
		t.Errorf("%v", got)
	}
	if out := doThere("tenants", "clone", "bolt", "cast", "--owner", "eve"); !strings.Contains(out, "imported cast: 1 table, 2 rows, 3 members") {
		t.Error(out)
	}
	if out := doThere("tenants", "exec", "--all", "SELECT sum(cents) AS cents FROM invoices", "--workers", "1"); out != "tenant,cents\nbolt,46\ncast,46\n" {
		t.Errorf("%q", out)
	}

	oneLineOf := func(got result, says string) {
		t.Helper()
		if got.code != exitFailure || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, says) {
			t.Errorf("want one line with %q: %+v", says, got)
		}
	}
	oneLineOf(runCommand(t, there, "tenants", "import", file, "--as", "bolt"), "taken")
	oneLineOf(runCommand(t, there, "tenants", "export", "nowhere", "-o", filepath.Join(dir, "x")), "no such tenant")
	oneLineOf(runCommand(t, there, "tenants", "import", filepath.Join(dir, "none")), "no such file")
	oneLineOf(runCommand(t, here, "tenants", "export", "acme", "-o", "/dev/full/x"), "/dev/full")
	cut := filepath.Join(dir, "cut")
	if whole, err := os.ReadFile(file); err != nil || os.WriteFile(cut, whole[:len(whole)/2], 0o600) != nil {
		t.Fatal(err)
	}
	oneLineOf(runCommand(t, there, "tenants", "import", cut, "--as", "dent"), "damaged")
	newer := maps.Clone(here)
	newer[releaseTwo] = "yes"
	succeeding(t, newer)("setup")
	succeeding(t, newer)("tenants", "export", "acme", "-o", file)
	oneLineOf(runCommand(t, there, "tenants", "import", file, "--as", "dent"), "which this program does not have")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
	socket, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	for _, wrong := range [][]string{{"export", "acme", "-o", dir}, {"export", "acme", "-o", socket.Addr().String()}, {"export", "acme", "--files", "some", "-o", "x"}, {"export"}, {"import"}, {"clone", "acme"}} {
		if got := runCommand(t, here, append([]string{"tenants"}, wrong...)...); got.code != exitMisuse {
			t.Errorf("%v: %+v", wrong, got)
		}
	}
}
