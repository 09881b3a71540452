package realservers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
	"github.com/partywall-go/partywall/domain"
)

// Upstream is the PostgreSQL server behind a pooler.
type Upstream struct {
	Host      string
	Port      int
	Superuser string        // asks the server for the others' passwords
	Password  domain.Secret // of Superuser
	PoolSize  int           // connections to the server for each user and database; 0: 20
	PoolMode  string        // what is pooled: "session", "statement" or, if empty, "transaction"
	LetsIn    string        // an SQL condition on pg_shadow for those who may log in; empty: all
}

// Pooler is a PgBouncer. Its server's users may log in through it with
// their own passwords, to any of the server's databases. The superuser may also log in
// to its console, the database pgbouncer.
type Pooler struct {
	Host string
	Port int

	folder  string
	process *process
}

// PgBouncer starts a pooler before upstream for a test.
func PgBouncer(t testing.TB, upstream Upstream) *Pooler {
	t.Helper()
	return own(t, func(ctx context.Context) (*Pooler, error) { return StartPgBouncer(ctx, upstream) })
}

// StartPgBouncer starts a pooler before upstream. An error may be [Missing].
func StartPgBouncer(ctx context.Context, upstream Upstream) (*Pooler, error) {
	program, err := findPgBouncer()
	if err != nil {
		return nil, &Missing{Server: "PgBouncer", Install: "apt-get install pgbouncer", Err: err}
	}
	as, err := childserver.Unprivileged() // it refuses to run as root
	if err != nil {
		return nil, err
	}
	port, err := childserver.FreePort()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "partywall-pgbouncer-")
	if err != nil {
		return nil, err
	}
	p := &Pooler{Host: childserver.Loopback, Port: port, folder: folder}
	if err := p.start(ctx, program, as, upstream); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// findPgBouncer searches the PATH and Debian's folder, which is not in every user's PATH.
func findPgBouncer() (string, error) {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		return exec.LookPath("/usr/sbin/pgbouncer")
	}
	return program, nil
}

// Settings returns the path of the file that the pooler reads at its start and at a
// RELOAD.
func (p *Pooler) Settings() string { return filepath.Join(p.folder, "pgbouncer.ini") }

func (p *Pooler) start(ctx context.Context, program string, as *childserver.Account, upstream Upstream) (err error) {
	settings, users := p.Settings(), filepath.Join(p.folder, "users")
	if err := p.write(as, users, fmt.Sprintf("%q %q\n", upstream.Superuser, upstream.Password.Reveal())); err != nil {
		return err
	}
	if err := p.write(as, settings, p.settings(users, upstream)); err != nil {
		return err
	}
	if err := as.Give(p.folder); err != nil {
		return err
	}
	cmd := exec.Command(program, settings)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as.Credential()}
	p.process, err = launch(ctx, cmd, answers(p.Port))
	return err
}

func (p *Pooler) settings(users string, upstream Upstream) string {
	size := upstream.PoolSize
	if size == 0 {
		size = 20
	}
	return fmt.Sprintf(`[databases]
* = host=%s port=%d

[pgbouncer]
listen_addr = %s
listen_port = %d
unix_socket_dir =
pool_mode = %s
default_pool_size = %d
max_client_conn = 500
auth_type = scram-sha-256
auth_file = %s
auth_user = %[8]s
admin_users = %[8]s
auth_query = SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1 AND (%[9]s)
ignore_startup_parameters = extra_float_digits
`, upstream.Host, upstream.Port, p.Host, p.Port, cmp.Or(upstream.PoolMode, "transaction"), size, users, upstream.Superuser, cmp.Or(upstream.LetsIn, "true"))
}

// write makes a file that the given user alone may read.
func (p *Pooler) write(as *childserver.Account, path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return as.Give(path)
}

// Close stops the pooler.
func (p *Pooler) Close() error {
	if p.process != nil {
		p.process.End()
	}
	return os.RemoveAll(p.folder)
}
