package embeddedpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/partywall-go/partywall/adapters/internal/ownfile"
)

// socketPort is the number in the name of the socket. It is PostgreSQL's default,
// so psql needs only the folder.
const socketPort = 5432

// socketFolder is the folder of a lasting server's socket. Only the account can enter
// it, because a user who could listen there could impersonate the server.
func (c *cluster) socketFolder() string { return c.data + ".socket" }

// socketFits reports whether the system accepts a socket path of that length.
func socketFits(folder string) bool {
	longest := 103 // of sun_path, on macOS and the BSDs
	if runtime.GOOS == "linux" {
		longest = 107
	}
	return len(socketFile(folder, socketPort)) <= longest
}

func socketFile(folder string, port int) string {
	return filepath.Join(folder, fmt.Sprintf(".s.PGSQL.%d", port))
}

// overSocket reports whether host is a socket's folder.
func overSocket(host string) bool { return strings.HasPrefix(host, "/") }

// prepareSocket creates the folder of the socket, or checks that only the account can
// enter it, and removes the files of a server that was killed. No process may be
// running on the cluster.
func (c *cluster) prepareSocket(folder string, port int) error {
	uid, _ := c.as.Owner()
	folder, err := ownfile.FolderOf(folder, int(uid))
	if err != nil {
		return fmt.Errorf("cannot use the folder of PostgreSQL's socket: %w", err)
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		return err
	}
	for _, left := range []string{socketFile(folder, port), socketFile(folder, port) + ".lock"} {
		if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// socketList formats a folder as the only element of PostgreSQL's list of folders.
func socketList(folder string) string { return `"` + strings.ReplaceAll(folder, `"`, `""`) + `"` }
