package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary run as the program of that name, so that tests run a
// real process.
const asProgram = "PARTYWALL_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(asProgram) {
	case stockName:
		Main(Program{})
	case invoices.Name:
		Main(invoices)
	}
	os.Exit(m.Run())
}

// environ returns an environment without any configuration.
func environ(set map[string]string) []string {
	env := []string{asProgram + "=" + stockName, "GORACE=atexit_sleep_ms=0"} // the race detector would add a second to each end
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	return env
}

// result is the result of a command.
type result struct {
	code     int
	out, err string
}

// runCommand runs the program until it ends, in an empty folder.
func runCommand(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	return runIn(t, t.TempDir(), env, args...)
}

func runIn(t *testing.T, dir string, env map[string]string, args ...string) result {
	t.Helper()
	return resultOf(t, exec.CommandContext(t.Context(), os.Args[0], args...), env, dir)
}

// succeeding returns a function that runs a command that must succeed, and returns what
// it prints.
func succeeding(t *testing.T, env map[string]string) func(args ...string) string {
	return func(args ...string) string {
		t.Helper()
		got := runCommand(t, env, args...)
		if got.code != exitOK {
			t.Fatalf("%v: %+v", args, got)
		}
		return got.out
	}
}

// resultOf runs a command of the program in a folder until it ends.
func resultOf(t *testing.T, cmd *exec.Cmd, env map[string]string, dir string) result {
	t.Helper()
	cmd.Env, cmd.Dir = environ(env), dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// server is a serving program.
type server struct {
	url    string
	api    string // the URL of the API, including a product's mount
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
	output *os.File      // everything that it has printed
}

// serveProgram starts the program on a free port, and waits until it is ready.
func serveProgram(t *testing.T, env map[string]string, args ...string) *server {
	t.Helper()
	s := startProgram(t, env, args...)
	s.awaitReady(t, 2*time.Minute)
	return s
}

func startProgram(t *testing.T, env map[string]string, args ...string) *server {
	t.Helper()
	port := freePort(t)
	all := map[string]string{"PORT": strconv.Itoa(port)}
	maps.Copy(all, env)
	s := &server{url: fmt.Sprintf("http://127.0.0.1:%d", port), ended: make(chan struct{})}
	s.api = s.url
	if all[asProgram] == invoices.Name {
		s.api += "/pw"
	}
	s.cmd = exec.Command(os.Args[0], append([]string{"serve"}, args...)...)
	s.cmd.Env, s.cmd.Dir = environ(all), t.TempDir()
	s.start(t)
	return s
}

// start runs s.cmd until the test ends.
func (s *server) start(t *testing.T) {
	t.Helper()
	// A file, because it immediately contains what was written before the first answer.
	output, err := os.OpenFile(filepath.Join(t.TempDir(), "output"), os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	s.output = output
	s.cmd.Stdout, s.cmd.Stderr = output, output
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
		if t.Failed() {
			t.Logf("the server printed:\n%s", s.said())
		}
		output.Close()
	})
}

func (s *server) said() string {
	text, err := io.ReadAll(io.NewSectionReader(s.output, 0, 1<<30))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *server) awaitReady(t *testing.T, patience time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case <-s.ended:
			t.Fatalf("the server ended: %s", s.said())
		case <-time.After(20 * time.Millisecond):
		}
		if status(ctx, s.api+"/readyz") == http.StatusOK {
			return
		}
	}
	t.Fatalf("the server is not ready after %s: %s", patience, s.said())
}

func status(ctx context.Context, url string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

// stop ends the server by SIGTERM, and returns its exit code. cmd/faults tests that this takes
// at most 10 s, because here other tests may use the machine.
func (s *server) stop(t *testing.T) (code int) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(time.Minute):
		t.Fatalf("the server still runs a minute after SIGTERM: %s", s.said())
	}
	return s.cmd.ProcessState.ExitCode()
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
