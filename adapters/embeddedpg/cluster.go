package embeddedpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// cluster is a PostgreSQL data directory with the files that belong to it.
type cluster struct {
	home     string               // the data folder: lock, passwords, log and, unless we are root, the data
	data     string               // PostgreSQL's data directory
	bin      string               // folder of initdb and postgres; empty until findServer
	version  string               // what postgres --version prints
	as       *childserver.Account // runs the server
	settings []string             // name=value, for the command line
	lasting  bool                 // survives a crash of the machine
	socket   bool                 // listens on a socket, and on no port
}

func (c *cluster) lockFile() string { return filepath.Join(c.home, "postgres.lock") }
func (c *cluster) passFile() string { return filepath.Join(c.home, "postgres.pgpass") }
func (c *cluster) logFile() string  { return filepath.Join(c.home, "postgres.log") }

// name returns the cluster_name, which appears in the title of each of the server's processes.
func (c *cluster) name() string { return "partywall-" + hash(c.data)[:8] }

// hash returns 16 hex digits that identify path.
func hash(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}

// findServer selects the binaries that serve the cluster: bin, or else those found
// on this machine. If the cluster has data, it prefers the version that created them.
func (c *cluster) findServer(ctx context.Context, bin string) (err error) {
	if bin == "" {
		if bin, err = FindBinaries(); err != nil {
			return err
		}
	}
	return c.findAmong(ctx, bin, debianFolders)
}

// findAmong is findServer with explicit binaries: bin, and if those have another
// major version than the data, the ones in packages, a pattern with the
// major version in place of the star.
func (c *cluster) findAmong(ctx context.Context, bin, packages string) error {
	version, major, err := serverVersion(ctx, bin, c.as)
	if err != nil {
		return err
	}
	made, err := clusterVersion(c.data)
	if err != nil {
		return err
	}
	if made != 0 && made != major {
		fitting, err := newestOf(strings.Replace(packages, "*", strconv.Itoa(made), 1))
		if err != nil {
			return fmt.Errorf("the data in %s were created by PostgreSQL %d, but the server in %s is version %d: install PostgreSQL %d (`apt-get install postgresql-%d`), or move the folder away to start with an empty database",
				c.data, made, bin, major, made, made)
		}
		bin = fitting
		if version, _, err = serverVersion(ctx, bin, c.as); err != nil {
			return err
		}
	}
	c.bin, c.version = bin, version
	return nil
}

// prepare creates the cluster unless it exists, and returns how to connect to it.
// No process may be running on it.
func (c *cluster) prepare(ctx context.Context) (access, error) {
	c.sweep()
	known, err := readAccess(c.passFile())
	forgotten := errors.Is(err, os.ErrNotExist)
	if forgotten {
		known = newAccess()
		err = known.write(c.passFile())
	}
	if err != nil {
		return access{}, err
	}
	made, err := clusterVersion(c.data)
	switch {
	case err != nil:
		return access{}, err
	case made == 0:
		err = c.make(ctx, known)
	default:
		if err := checkOwner(c.as, c.data); err != nil {
			return access{}, err
		}
		if forgotten {
			err = c.setPasswords(ctx, c.data, known)
		}
	}
	if err == nil && c.lasting { // even if it listens on a port now, because a later start may use the socket
		err = c.admitSocket()
	}
	return known, err
}

// make creates the cluster in a temporary folder and moves it to its place when it is
// complete, so that a kill cannot leave a partial one.
func (c *cluster) make(ctx context.Context, known access) error {
	parent := filepath.Dir(c.data)
	if err := makePassable(parent, c.as); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(parent, filepath.Base(c.data)+".new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging) // no effect once it is renamed
	if err := c.as.Give(staging); err != nil {
		return err
	}
	if err := c.build(ctx, staging, known); err != nil {
		return fmt.Errorf("making a PostgreSQL cluster in %s: %w", c.data, err)
	}
	if err := os.Rename(staging, c.data); err != nil {
		return fmt.Errorf("%s is in the way of a new PostgreSQL cluster, move it away: %w", c.data, err)
	}
	return syncFolder(parent)
}

// build creates a complete cluster in the empty folder dir.
func (c *cluster) build(ctx context.Context, dir string, known access) error {
	initdb := filepath.Join(c.bin, "initdb")
	if _, err := run(ctx, command(c.as, initdb, append(initdbOptions(), "-D", dir)...), ""); err != nil {
		return err
	}
	if err := rewrite(c.as, filepath.Join(dir, "pg_hba.conf"), func(string) string { return hbaConf }); err != nil {
		return err
	}
	if err := rewrite(c.as, filepath.Join(dir, "postgresql.conf"), func(before string) string { return before + ownConf }); err != nil {
		return err
	}
	if err := c.setPasswords(ctx, dir, known); err != nil || !c.lasting {
		return err
	}
	_, err := run(ctx, command(c.as, initdb, "--sync-only", "-D", dir), "")
	return err
}

func initdbOptions() []string {
	options := []string{"--username", superuser, "--auth", "reject", "--encoding", "UTF8", "--locale", "C", "--no-instructions", "--no-sync", "--data-checksums"}
	if runtime.GOOS == "linux" {
		options = append(options, "--lc-ctype", "C.UTF-8") // lower() and citext then handle letters beyond A to Z
	}
	return options
}

// hbaConf admits the logins by password, over the socket and over loopback.
const hbaConf = `# TYPE DATABASE USER ADDRESS      METHOD
host   all      all  127.0.0.1/32 scram-sha-256
` + hbaSocket

const hbaSocket = "local  all      all               scram-sha-256\n"

// admitSocket admits the logins over the socket if the cluster was created before
// the server listened on one. It leaves an existing line about sockets unchanged.
func (c *cluster) admitSocket() error {
	return rewrite(c.as, filepath.Join(c.data, "pg_hba.conf"), func(before string) string {
		for line := range strings.Lines(before) {
			if strings.HasPrefix(strings.TrimSpace(line), "local") {
				return before
			}
		}
		return strings.TrimSuffix(before, "\n") + "\n" + hbaSocket
	})
}

// ownConf is appended to postgresql.conf, where users may edit it.
const ownConf = `
# Partywall's defaults: a small server, quick to recover.
max_connections = 100
max_wal_size = 256MB
wal_level = minimal
max_wal_senders = 0
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
# Statements and their details may hold what no log should.
log_min_error_statement = panic
log_error_verbosity = terse
log_checkpoints = off
`

// setPasswords creates the login unless it exists and sets both passwords. It
// uses PostgreSQL's single-user mode, which reads the statements, one a line, from
// its input. So no server listens before the passwords are set, and no process list
// shows them.
func (c *cluster) setPasswords(ctx context.Context, dir string, known access) error {
	script := fmt.Sprintf("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%[1]s') THEN CREATE ROLE %[1]s; END IF; END $$\n"+
		"ALTER ROLE %[1]s LOGIN NOSUPERUSER CREATEROLE CREATEDB PASSWORD '%[2]s'\n"+
		"ALTER ROLE %[3]s PASSWORD '%[4]s'\n", login, known.loginPassword, superuser, known.superuserPassword)
	args := []string{"--single", "-D", dir, "-c", "exit_on_error=on", "-c", "log_min_messages=error"}
	if !c.lasting {
		args = append(args, "-F") // fsync off
	}
	_, err := run(ctx, command(c.as, filepath.Join(c.bin, "postgres"), append(args, "postgres")...), script)
	return err
}

// sweep removes the temporary folders of processes that were killed.
func (c *cluster) sweep() {
	left, _ := filepath.Glob(c.data + ".new-*")
	for _, dir := range left {
		os.RemoveAll(dir)
	}
}

// syncFolder makes the names in a folder durable, so that they survive a crash of the machine.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
