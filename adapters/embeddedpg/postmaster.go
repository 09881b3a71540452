package embeddedpg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
	"github.com/partywall-go/partywall/adapters/internal/ownfile"
	"github.com/partywall-go/partywall/adapters/internal/pgwire"
)

const loopback = childserver.Loopback

// errPortTaken reports that another program listens on the port.
var errPortTaken = errors.New("the port is taken")

// start starts the server at the address in known and returns when it is ready.
func (c *cluster) start(ctx context.Context, known access) (*childserver.Process, error) {
	if overSocket(known.host) {
		if err := c.prepareSocket(known.host, known.port); err != nil {
			return nil, err
		}
	}
	log, err := c.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	cmd := command(c.as, filepath.Join(c.bin, "postgres"), c.arguments(known)...)
	cmd.Stdout, cmd.Stderr = log, log
	p, err := childserver.Launch(cmd, syscall.SIGINT) // a fast shutdown
	if err != nil {
		return nil, err
	}
	err = c.awaitReady(ctx, p)
	if err == nil {
		err = ping(ctx, known)
	}
	if err == nil {
		return p, nil
	}
	failed := ctx.Err()
	forced, cancel := context.WithCancel(ctx)
	cancel()
	c.halt(forced, p)
	if failed != nil {
		return nil, failed
	}
	return nil, c.explain(err, begin)
}

// arguments makes the server listen at one address only: a socket or a port.
func (c *cluster) arguments(known access) []string {
	args := []string{"-D", c.data, "-p", strconv.Itoa(known.port), "-c", "cluster_name=" + c.name()}
	if overSocket(known.host) {
		args = append(args, "-h", "", "-k", socketList(known.host), "-c", "unix_socket_permissions=0700")
	} else {
		args = append(args, "-h", known.host, "-k", "")
	}
	for _, setting := range c.settings {
		args = append(args, "-c", setting)
	}
	return args
}

// errEnded reports that the server ended before it was ready. Its log contains the reason.
var errEnded = errors.New("it ended")

func (c *cluster) awaitReady(ctx context.Context, p *childserver.Process) error {
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-p.Exited():
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
			if pid, ready := c.postmaster(); ready && pid == p.Pid {
				return nil
			}
		}
	}
}

// postmaster reads the process ID from the server's postmaster.pid, and whether it is ready.
// See "postmaster.pid" in PostgreSQL's miscadmin.h.
func (c *cluster) postmaster() (pid int, ready bool) {
	text, err := os.ReadFile(c.pidFile())
	if err != nil {
		return 0, false
	}
	lines := strings.Split(string(text), "\n")
	pid, _ = strconv.Atoi(lines[0])
	return pid, len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
}

func (c *cluster) pidFile() string { return filepath.Join(c.data, "postmaster.pid") }

// pingPatience limits how long a log-in may take. A program that listens in the
// server's place may never answer.
const pingPatience = 10 * time.Second

// ping logs in. That also proves the server's identity, because the server gets neither
// the password nor a statement before it has proved by SCRAM that it has the password.
func ping(ctx context.Context, known access) error {
	ctx, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	return known.use(func(db *sql.DB) error { return db.PingContext(ctx) })
}

// use opens a pool for do. The pool logs in as often as do needs it.
func (a access) use(do func(*sql.DB) error) error {
	server := pgwire.Server{Host: a.host, Port: a.port, SSLMode: string(pq.SSLModeDisable)}
	db := sql.OpenDB(pgwire.Connector{Connector: pgwire.NewConnector(server, pq.Config{User: login, Password: a.loginPassword, Database: "postgres"})})
	defer db.Close()
	return do(db)
}

// explain describes in one line why the server did not start. Its log began at the given offset.
func (c *cluster) explain(err error, begin int64) error {
	if pq.As(err, pqerror.InvalidPassword) != nil {
		return fmt.Errorf("PostgreSQL in %s refuses the password in %s: remove that file, and the next start sets a new one", c.data, c.passFile())
	}
	if !errors.Is(err, errEnded) {
		return fmt.Errorf("PostgreSQL in %s started, but cannot be reached: %w", c.data, err)
	}
	why := complaint(c.readLog(begin))
	if strings.Contains(why, "could not bind") {
		return fmt.Errorf("%w: %s", errPortTaken, why)
	}
	return fmt.Errorf("PostgreSQL in %s did not start: %s (see its log, %s)", c.data, why, c.logFile())
}

const maxLog = 4 << 20 // bytes; the next start renames a longer log

func (c *cluster) openLog() (*os.File, error) {
	if info, err := os.Lstat(c.logFile()); err == nil && info.Size() > maxLog {
		if err := os.Rename(c.logFile(), c.logFile()+".old"); err != nil {
			return nil, err
		}
	}
	return ownfile.Open(c.logFile(), os.O_APPEND|os.O_CREATE|os.O_RDWR)
}

func (c *cluster) readLog(begin int64) string {
	log, err := ownfile.Open(c.logFile(), os.O_RDONLY)
	if err != nil {
		return err.Error()
	}
	defer log.Close()
	text, err := io.ReadAll(io.NewSectionReader(log, begin, maxLog))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// halt stops the server: orderly until ctx is done, then by force. Committed
// transactions are safe either way.
func (c *cluster) halt(ctx context.Context, p *childserver.Process) {
	_ = p.Signal(syscall.SIGINT) // fast shutdown: ends sessions, writes a checkpoint
	select {
	case <-p.Exited():
		return
	case <-ctx.Done():
	}
	_ = p.Signal(syscall.SIGQUIT) // immediate shutdown: the next start recovers
	if p.EndsWithin(300 * time.Millisecond) {
		return
	}
	_ = p.Kill()
	<-p.Exited()
	kill(syscall.SIGKILL, c.processes())
}
