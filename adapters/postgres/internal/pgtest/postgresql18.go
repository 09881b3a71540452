package pgtest

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/realservers"
)

// OnPostgreSQL18 runs tests of a package on the newest major version of PostgreSQL,
// whose rules for roles differ. At least one test that passes must match each pattern.
// A package of its own calls it, so that either run has the whole time that the go
// command lets a package's tests take.
func OnPostgreSQL18(t *testing.T, pkg string, patterns ...string) {
	t.Helper()
	arguments := []string{"test", "-v", "-count=1", "-run", "^(TestServerVersion|" + strings.Join(patterns, "|") + ")$"}
	if race {
		arguments = append(arguments, "-race")
	}
	if deadline, ok := t.Deadline(); ok {
		arguments = append(arguments, "-timeout", time.Until(deadline).String())
	}
	program := exec.CommandContext(t.Context(), "go", append(arguments, pkg)...)
	program.Env = append(os.Environ(), "PATH="+realservers.PostgreSQL18(t)+":"+os.Getenv("PATH"))
	out, err := program.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PostgreSQL 18") {
		t.Fatalf("%v\n%s", err, failures(string(out)))
	}
	for _, pattern := range patterns {
		if !regexp.MustCompile(`(?m)^--- PASS: ` + pattern + ` `).Match(out) {
			t.Errorf("no test that passes matches %s", pattern)
		}
	}
}

// failures leaves out the lines about tests that passed.
func failures(out string) string {
	var kept []string
	for line := range strings.Lines(out) {
		if text := strings.TrimSpace(line); !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- PASS") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
