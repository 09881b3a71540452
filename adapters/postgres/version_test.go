package postgres_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/realservers"
)

// TestServerVersion tells which server the other tests run on.
func TestServerVersion(t *testing.T) {
	cfg := config(t)
	cfg.Database = "postgres"
	t.Log(query[string](t, superuser(t, cfg), `SELECT version()`))
}

// TestPostgreSQL18 runs this test program on the newest major version, whose
// rules for roles are others.
func TestPostgreSQL18(t *testing.T) {
	t.Parallel()
	realservers.Need(t, serverErr)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := exec.CommandContext(t.Context(), program, "-test.v", "-test.run=^(TestServerVersion|TestWalls|TestPath|TestInTenant|TestProvision|TestSetup.*|TestTenantStore|TestTransactionOptions|TestArguments|TestAllThatIsSentIsEncrypted|TestTheServersCertificate.*|TestTheServerIsProven.*|TestUserStore|TestAFile.*|TestANewTenant.*|TestATransaction.*|TestWhatAFile.*|TestATenant.*|TestTheTrial.*|TestFilesThat.*)$")
	tests.Env = append(os.Environ(), "PATH="+realservers.PostgreSQL18(t)+":"+os.Getenv("PATH"))
	out, err := tests.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PostgreSQL 18") {
		t.Errorf("%v\n%s", err, failures(string(out)))
	}
}

// failures leaves out what says that a test passed.
func failures(out string) string {
	var kept []string
	for line := range strings.Lines(out) {
		if text := strings.TrimSpace(line); !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- PASS") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
