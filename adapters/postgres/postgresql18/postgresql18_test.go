// Package postgresql18_test runs tests of the packages above on the newest major
// version of PostgreSQL, whose rules for roles differ. It is a package of its own, so
// that either run has the whole time that the go command lets a package's tests take.
package postgresql18_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/realservers"
)

// tests are those that depend on the server's version.
const tests = "^(TestServerVersion|TestChecks|TestMistakesAreFound|TestWalls|TestPath|TestInTenant|TestProvision|TestSetup.*|TestTenantStore|TestTransactionOptions|TestArguments|" +
	"TestAllThatIsSentIsEncrypted|TestTheServersCertificate.*|TestTheServerIsProven.*|TestUserStore|TestAFile.*|TestANewTenant.*|TestATransaction.*|" +
	"TestWhatAFile.*|TestATenant.*|TestTheTrial.*|TestFilesThat.*)$"

// packages are those that have such tests.
var packages = []string{"postgres", "postgres/walls", "postgres/internal/setup", "postgres/internal/doctor"}

func TestPostgreSQL18(t *testing.T) {
	path := "PATH=" + realservers.PostgreSQL18(t) + ":" + os.Getenv("PATH")
	for _, name := range packages {
		t.Run(name, func(t *testing.T) {
			arguments := []string{"test", "-v", "-count=1", "-run", tests}
			if race {
				arguments = append(arguments, "-race")
			}
			if deadline, ok := t.Deadline(); ok {
				arguments = append(arguments, "-timeout", time.Until(deadline).String())
			}
			program := exec.CommandContext(t.Context(), "go", append(arguments, "github.com/partywall-go/partywall/adapters/"+name)...)
			program.Env = append(os.Environ(), path)
			out, err := program.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "PostgreSQL 18") {
				t.Errorf("%v\n%s", err, failures(string(out)))
			}
		})
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
