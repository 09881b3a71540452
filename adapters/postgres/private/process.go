package private

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// command prepares a program to run as the given account, in a process group of
// its own, so that a terminal's Ctrl-C reaches us and not it, and with an
// environment that tells it nothing of ours.
func command(as *account, path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = "/" // our own folder may be closed to the account
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	return cmd
}

// process is a child that runs.
type process struct {
	*os.Process
	exited chan struct{} // closed when it has ended
	err    error         // how it ended; read after exited
}

// launch starts cmd. Where the kernel can, it sends the child the signal
// lastWill when we die.
func launch(cmd *exec.Cmd, lastWill syscall.Signal) (*process, error) {
	dieWithUs(cmd.SysProcAttr, lastWill)
	p := &process{exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel watches the thread that started the child, not the process.
		// A locked thread lives until its goroutine ends, here after the child.
		runtime.LockOSThread()
		err := cmd.Start()
		p.Process = cmd.Process
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// done is closed when the process has ended. It's nil for a nil process.
func (p *process) done() <-chan struct{} {
	if p == nil {
		return nil
	}
	return p.exited
}

func (p *process) endsWithin(d time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(d):
		return false
	}
}

// run runs cmd with stdin as its input and returns what it printed.
func run(ctx context.Context, cmd *exec.Cmd, stdin string) (string, error) {
	var out bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &out
	cmd.WaitDelay = time.Second // its children may hold its output open
	p, err := launch(cmd, syscall.SIGKILL)
	if errors.Is(err, os.ErrPermission) {
		return "", fmt.Errorf("%s can't be run by an unprivileged user: %w", cmd.Path, err)
	}
	if err != nil {
		return "", err
	}
	select {
	case <-p.exited:
	case <-ctx.Done():
		_ = p.Kill()
		<-p.exited
		return "", ctx.Err()
	}
	if p.err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd.Path, p.err, complaint(out.String()))
	}
	return out.String(), nil
}
