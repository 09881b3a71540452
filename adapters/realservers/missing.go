package realservers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// Missing reports a server that is not available on this machine.
type Missing struct {
	Server  string
	Install string // the command that helps
	Err     error
}

// Error names the server, the command that installs it, and the cause.
func (m *Missing) Error() string {
	return fmt.Sprintf("%s is not available, try `%s`: %v", m.Server, m.Install, m.Err)
}

// Unwrap returns the cause.
func (m *Missing) Unwrap() error { return m.Err }

// NeedProgram ends the test as [Need] does, unless the folder of PostgreSQL's programs
// has the one of that name.
func NeedProgram(t testing.TB, folder, name string) {
	t.Helper()
	if _, err := exec.LookPath(filepath.Join(folder, name)); err != nil {
		Need(t, &Missing{Server: name, Install: "apt-get install postgresql", Err: err})
	}
}

// Need ends the test if err isn't nil: it skips it where a server is [Missing],
// or not installed, unless CI is "true", and else fails it.
func Need(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_, missing := errors.AsType[*Missing](err)
	_, notInstalled := errors.AsType[childserver.NotInstalled](err)
	if (missing || notInstalled) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	t.Fatal(err)
}
