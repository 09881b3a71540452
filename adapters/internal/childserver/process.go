package childserver

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a running child.
type Process struct {
	*os.Process
	exited chan struct{} // closed when it has ended
	err    error         // how it ended
}

// Launch starts cmd. On Linux the kernel sends the child the signal lastWill when we
// die.
func Launch(cmd *exec.Cmd, lastWill syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	dieWithUs(cmd.SysProcAttr, lastWill)
	p := &Process{exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel watches the thread that started the child, not the process. A locked
		// thread lives until its goroutine ends, here after the child.
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

// Exited returns a channel that is closed when the process has ended. It is nil for a
// nil Process.
func (p *Process) Exited() <-chan struct{} {
	if p == nil {
		return nil
	}
	return p.exited
}

// Err waits for the end of the process, and returns the error of [exec.Cmd.Wait].
func (p *Process) Err() error {
	<-p.exited
	return p.err
}

// EndsWithin reports whether the process ends within that time.
func (p *Process) EndsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-timer.C:
	}
	select { // of two events at once, the first select takes either
	case <-p.exited:
		return true
	default:
		return false
	}
}

// End kills the process and waits until it has ended.
func (p *Process) End() {
	_ = p.Kill()
	<-p.exited
}
