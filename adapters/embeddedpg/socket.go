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
// so that psql needs the folder alone.
const socketPort = 5432

// socketFolder is where a lasting server's socket lies, closed to all but the
// account: whoever else could listen there could pass for the server.
func (c *cluster) socketFolder() string { return c.data + ".socket" }

// socketFits reports whether the system takes a socket's path of that length.
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

// overSocket reports whether the server is reached over a socket, at host.
func overSocket(host string) bool { return strings.HasPrefix(host, "/") }

// prepareSocket makes the folder of the socket, or looks whether it's still the
// account's alone, and removes what a server left there that was killed. Nothing
// may be running on the cluster.
func (c *cluster) prepareSocket(folder string, port int) error {
	uid, _ := c.as.Owner()
	folder, err := ownfile.FolderOf(folder, int(uid))
	if err != nil {
		return fmt.Errorf("the folder of PostgreSQL's socket can't be used: %w", err)
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

// socketList writes a folder as the one element of PostgreSQL's list of folders.
func socketList(folder string) string { return `"` + strings.ReplaceAll(folder, `"`, `""`) + `"` }
