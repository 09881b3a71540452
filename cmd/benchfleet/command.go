package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// environment is that of the product's program. Without on it has a private server.
func (in *installation) environment(dataDir string, on *server) []string {
	env := []string{
		"PATH=" + in.binDir + ":" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "DATA_DIR=" + dataDir, "LOG_FORMAT=json",
		filesVariable + "=" + strconv.Itoa(in.files), memoryVariable + "=" + in.memoryFile(),
	}
	if on == nil {
		return env
	}
	return append(env, "DB_HOST="+on.Host, "DB_PORT="+strconv.Itoa(on.Port), "DB_USER="+on.User, "DB_PASSWORD="+on.Password.Reveal(), "DB_NAME="+on.Database, "DB_SSLMODE=disable")
}

func (in *installation) memoryFile() string { return filepath.Join(in.bench.scratch, "memory") }

// program returns the product's program with a command.
func (in *installation) program(ctx context.Context, env []string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"product"}, args...)...)
	cmd.Env, cmd.Dir = env, in.bench.scratch
	return cmd, nil
}

// command runs a command of the product's program to its end. It returns how long it
// took, and the most memory that it had, in MiB.
func (in *installation) command(ctx context.Context, args ...string) (took time.Duration, mebibytes float64, err error) {
	cmd, err := in.program(ctx, in.environment(in.bench.scratch, in.server), args...)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took = time.Since(began)
	if err != nil {
		return 0, 0, fmt.Errorf("%v: %w: %s", args, err, out)
	}
	text, err := os.ReadFile(in.memoryFile())
	if err != nil {
		return 0, 0, err
	}
	kib, err := strconv.Atoi(string(text))
	return took, float64(kib) / 1024, err
}

// serveOnce starts the product's program, waits until it is ready, and stops it orderly.
// It returns how long the program took to become ready.
func (in *installation) serveOnce(ctx context.Context, env []string) (took time.Duration, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	cmd, err := in.program(ctx, append(env, "PORT="+strconv.Itoa(port)), "serve", "--mixed")
	if err != nil {
		return 0, err
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !isReady(ctx, port) {
		select {
		case err := <-ended:
			return 0, fmt.Errorf("serve: %w: %s", err, &output)
		case <-time.After(5 * time.Millisecond):
		}
	}
	took = time.Since(began)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	if err := <-ended; err != nil {
		return 0, fmt.Errorf("serve: %w: %s", err, &output)
	}
	return took, nil
}

func isReady(ctx context.Context, port int) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/readyz", port), nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode == http.StatusOK
}

// measureStarts measures a start of the program on the server, and then its start with
// the server as its private one, after an orderly stop of both. The server is closed then.
func (in *installation) measureStarts(ctx context.Context) error {
	took, err := in.serveOnce(ctx, in.environment(in.bench.scratch, in.server))
	if err != nil {
		return err
	}
	in.set("start/process", took.Seconds())
	if err := in.calm(ctx); err != nil {
		return err
	}
	in.close()
	if took, err = in.serveOnce(ctx, in.environment(in.home, nil)); err != nil {
		return err
	}
	in.set("start/private", took.Seconds())
	return nil
}
