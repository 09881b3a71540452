package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// ErrNoBinaries reports that this machine has no PostgreSQL server, and how to install one.
var ErrNoBinaries error = childserver.NotInstalled("no PostgreSQL server (initdb and postgres) was found: install one with `apt-get install postgresql`")

// oldest is the first major version that is supported.
const oldest = 15

// debianFolders matches the folders of each major version's binaries on Debian, which are not in the PATH.
const debianFolders = "/usr/lib/postgresql/*/bin"

// FindBinaries returns the folder that contains initdb and postgres: the one in the
// PATH, or else the newest that Debian's packages installed. If there is none, the
// error is [ErrNoBinaries].
func FindBinaries() (dir string, err error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil && holdsServer(filepath.Dir(initdb)) {
			return filepath.Abs(filepath.Dir(initdb))
		}
	}
	return newestOf(debianFolders)
}

// newestOf returns the folder with the highest version among those that match pattern
// and contain a server. The version is the name of the folder's parent.
func newestOf(pattern string) (string, error) {
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return "", err
	}
	dirs = slices.DeleteFunc(dirs, func(dir string) bool { return !holdsServer(dir) })
	if len(dirs) == 0 {
		return "", ErrNoBinaries
	}
	version := func(dir string) float64 {
		v, _ := strconv.ParseFloat(filepath.Base(filepath.Dir(dir)), 64)
		return v
	}
	return slices.MaxFunc(dirs, func(a, b string) int { return int(version(a)*10) - int(version(b)*10) }), nil
}

func holdsServer(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// versionOf extracts the version, as in the setting server_version, from the output of postgres --version.
func versionOf(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(text, "postgres (PostgreSQL) "))
}

// serverVersion asks the binaries in dir for their version, and returns the text and the major number.
func serverVersion(ctx context.Context, dir string, as *childserver.Account) (text string, major int, err error) {
	out, err := run(ctx, command(as, filepath.Join(dir, "postgres"), "--version"), "")
	if err != nil {
		return "", 0, err
	}
	match := versionText.FindStringSubmatch(out)
	if match == nil {
		return "", 0, fmt.Errorf("%s: no version of PostgreSQL that we can read: %q", dir, out)
	}
	major, err = strconv.Atoi(match[1])
	if err == nil && major < oldest {
		err = fmt.Errorf("PostgreSQL %d in %s is too old: install version %d or later", major, dir, oldest)
	}
	return out, major, err
}

// clusterVersion returns the major version that created the cluster in dir, or 0 if dir has no cluster.
func clusterVersion(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(firstLine(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s holds no readable version of PostgreSQL: %w", filepath.Join(dir, "PG_VERSION"), err)
	}
	return major, nil
}
