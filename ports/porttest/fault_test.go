package porttest_test

import (
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// fault is an adapter that breaks one promise, and the subtest that must find it.
type fault struct {
	suite    func(t *testing.T)
	sentence string
}

// faultVariable names the fault that a child process of this test is to run.
const faultVariable = "PORTTEST_FAULT"

// A suite that cannot fail is worth nothing. Each fault is run against its suite
// in a process of its own, which must fail at the subtest of the broken promise.
func TestSuitesFindFaults(t *testing.T) {
	faults := allFaults()
	maps.Copy(faults, memberFaults())
	maps.Copy(faults, lifecycleFaults())
	maps.Copy(faults, purgeFaults())
	maps.Copy(faults, objectTenantFaults())
	maps.Copy(faults, archiveFaults())
	maps.Copy(faults, workerFaults())
	maps.Copy(faults, invitationFaults())
	maps.Copy(faults, randomFaults())
	if name := os.Getenv(faultVariable); name != "" {
		faults[name].suite(t)
		return
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, err := runFault(t, name, fault.sentence)
			if err == nil || !strings.Contains(output, "--- FAIL: TestSuitesFindFaults/"+strings.ReplaceAll(fault.sentence, " ", "_")) {
				t.Errorf("%q did not find it (%v):\n%s", fault.sentence, err, output)
			}
		})
	}
}

func runFault(t *testing.T, name, sentence string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSuitesFindFaults$/^"+regexp.QuoteMeta(sentence)+"$")
	cmd.Env = append(os.Environ(), faultVariable+"="+name)
	output, err := cmd.CombinedOutput()
	return string(output), err
}
