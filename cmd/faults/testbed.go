package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
)

// testbed contains the servers of one fault. They end with it.
type testbed struct {
	dir     string
	program string
	common  []string // variables of each process
	servers []*server
	closers []func()
}

func (l *testbed) close() {
	for _, s := range l.servers {
		s.kill()
	}
	for _, closer := range slices.Backward(l.closers) {
		closer()
	}
}

// lastWords are the end of what the servers said.
func (l *testbed) lastWords() string {
	for _, s := range l.servers {
		lines := strings.Split(strings.TrimSpace(s.output.String()), "\n")
		if n := len(lines); n > 0 && lines[n-1] != "" {
			return "; its last line: " + lines[n-1]
		}
	}
	return ""
}

// database starts a PostgreSQL that forgets nothing, sets it up, and returns the
// environment that names it.
func (l *testbed) database(ctx context.Context) (*embeddedpg.Server, map[string]string, error) {
	db, err := embeddedpg.Start(ctx, embeddedpg.Config{DataDir: filepath.Join(l.dir, "server")})
	if err != nil {
		return nil, nil, err
	}
	l.closers = append(l.closers, func() { _ = db.Close(); _ = os.RemoveAll(db.Dir) })
	env := map[string]string{
		"DB_HOST": db.Host, "DB_PORT": fmt.Sprint(db.Port), "DB_USER": db.User, "DB_PASSWORD": db.Password.Reveal(), "DB_NAME": db.Database, "DB_SSLMODE": "disable",
	}
	cmd := exec.CommandContext(ctx, l.program, "setup")
	cmd.Env, cmd.Dir = l.environ(env), l.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("setup: %w: %s", err, out)
	}
	return db, env, nil
}

const operatorToken = "the operator of these experiments"

func (l *testbed) environ(set map[string]string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir(),
		"DATA_DIR=" + filepath.Join(l.dir, "data"), "OPERATOR_TOKEN=" + operatorToken, "LOG_LEVEL=warn",
	}
	env = append(env, l.common...)
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	return env
}

// server is the program while it serves.
type server struct {
	url, addr string
	cmd       *exec.Cmd
	output    bytes.Buffer
	ended     chan struct{}
}

// start starts the program on a free port.
func (l *testbed) start(env map[string]string, flags ...string) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(addr)
	s := &server{url: "http://" + addr, addr: addr, ended: make(chan struct{})}
	s.cmd = exec.Command(l.program, append([]string{"serve", "--mixed"}, flags...)...)
	s.cmd.Env, s.cmd.Dir = append(l.environ(env), "PORT="+port), l.dir
	s.cmd.Stdout, s.cmd.Stderr = &s.output, &s.output
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	l.servers = append(l.servers, s)
	return s, nil
}

// serve is start, and waits until the program is ready.
func (l *testbed) serve(ctx context.Context, env map[string]string) (*server, error) {
	s, err := l.start(env)
	if err != nil {
		return nil, err
	}
	_, err = s.awaitReady(ctx, 40*time.Second)
	if data := regexp.MustCompile(`its data in (/var/lib/partywall/\S+)`).FindStringSubmatch(s.output.String()); data != nil {
		l.closers = append(l.closers, func() { _ = errors.Join(os.RemoveAll(data[1]), os.RemoveAll(data[1]+".socket")) }) // a root's private PostgreSQL
	}
	return s, err
}

// awaitReady waits until the program can serve, and returns how long that took.
func (s *server) awaitReady(ctx context.Context, patience time.Duration) (time.Duration, error) {
	began := time.Now()
	for time.Since(began) < patience {
		if status, _ := s.get(ctx, "/readyz"); status == http.StatusOK {
			return time.Since(began), nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-s.ended:
			return 0, fmt.Errorf("the program ended: %s", s.output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return 0, fmt.Errorf("it is not ready after %s", patience)
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// stop ends the program by SIGTERM.
func (s *server) stop() (code int, took time.Duration, err error) {
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, 0, err
	}
	select {
	case <-s.ended:
		return s.cmd.ProcessState.ExitCode(), time.Since(began), nil
	case <-time.After(15 * time.Second):
		return 0, 0, fmt.Errorf("it still runs 15 s after SIGTERM")
	}
}

// files counts the program's open files.
func (s *server) files() int {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	return len(entries)
}
