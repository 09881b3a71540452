package realservers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const loopback = "127.0.0.1"

// process is a server that runs.
type process struct {
	cmd    *exec.Cmd
	output output
	exited chan struct{} // closed when it has ended
}

// launch starts cmd and returns once ready gives no error. Where the kernel
// can, it kills the server when we die.
func launch(ctx context.Context, cmd *exec.Cmd, ready func(context.Context) error) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	dieWithUs(cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		// The kernel watches the thread that started the child, not the process.
		// A locked thread lives until its goroutine ends, here after the child.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err := p.await(ctx, ready); err != nil {
		p.kill()
		return nil, fmt.Errorf("%s isn't ready: %w\n%s", cmd.Path, err, p.output.String())
	}
	return p, nil
}

// await polls ready for half a minute.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return errEnded
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var errEnded = errors.New("it ended")

// kill ends the server and waits until it's gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// output keeps what a server prints; it may be read while the server runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// freePort finds a port on which nobody listens. It lies below the ranges from
// which operating systems give ports to outgoing connections: one of those
// could otherwise take the port while a server is stopped.
func freePort() (int, error) {
	const lowest, highest = 10_000, 20_000
	for range 1000 {
		port := lowest + rand.IntN(highest-lowest)
		listener, err := net.Listen("tcp", address(port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", lowest, highest)
}

func address(port int) string { return fmt.Sprintf("%s:%d", loopback, port) }

// answers reports why nobody takes a connection on port.
func answers(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address(port))
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
