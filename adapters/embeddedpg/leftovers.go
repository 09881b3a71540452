package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// patience limits how long leftover processes may take to end, from the first signal on.
type patience struct {
	orderly time.Duration // of a postmaster
	quick   time.Duration // without a checkpoint
	last    time.Duration // with SIGKILL; a process that survives it hangs in the kernel
}

// stopLeftovers ends processes that still run on the cluster although no process holds
// its lock: a server that is shutting down because its owner was killed, or the
// sessions of a server that was killed itself. It fails if they cannot be ended.
func (c *cluster) stopLeftovers(ctx context.Context) error {
	left, err := end(ctx, c.processes, patience{5 * time.Second, 7 * time.Second, 15 * time.Second})
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("process %d of an earlier PostgreSQL still runs on %s and cannot be stopped: stop it or restart the machine, then start again", left[0].pid, c.data)
	}
	return c.removeStalePID()
}

// end sends the processes ever stronger signals until all have ended or the limits are
// reached. It returns those that still run.
func end(ctx context.Context, processes func() []serverProcess, limits patience) ([]serverProcess, error) {
	begin := time.Now()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		left := processes()
		waited := time.Since(begin)
		switch {
		case len(left) == 0, waited >= limits.last:
			return left, nil
		case left[0].isPostmaster && waited < limits.orderly:
			kill(syscall.SIGINT, left[:1])
		case waited < limits.quick:
			kill(syscall.SIGQUIT, left)
		default:
			kill(syscall.SIGKILL, left)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-poll.C:
		}
	}
}

// removeStalePID removes a postmaster.pid whose process ID now belongs to another
// program, which PostgreSQL would take for a running server.
func (c *cluster) removeStalePID() error {
	pid, _ := c.postmaster()
	if !alive(pid) {
		return nil
	}
	if err := os.Remove(c.pidFile()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// serverProcess is a process of a server.
type serverProcess struct {
	pid          int
	isPostmaster bool
}

func kill(signal syscall.Signal, processes []serverProcess) {
	for _, p := range processes {
		_ = syscall.Kill(p.pid, signal) // it may have ended by now
	}
}

func alive(pid int) bool { return pid > 1 && syscall.Kill(pid, 0) != syscall.ESRCH }
