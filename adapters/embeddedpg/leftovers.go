package embeddedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// patience is how long leftovers may take to end, from the first signal on.
type patience struct {
	orderly time.Duration // of a postmaster
	quick   time.Duration // without a checkpoint
	last    time.Duration // with SIGKILL; what lives longer hangs in the kernel
}

// stopLeftovers ends what still runs on the cluster though no process holds its
// lock: a server that is shutting down since its owner was killed, or the
// sessions of a server that was killed itself. What can't be ended is an error.
func (c *cluster) stopLeftovers(ctx context.Context) error {
	left, err := end(ctx, c.family, patience{5 * time.Second, 7 * time.Second, 15 * time.Second})
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("process %d of an earlier PostgreSQL still runs on %s and can't be ended: end it or restart the machine, and start again", left[0].pid, c.data)
	}
	return c.forgetStranger()
}

// end sends a family ever harder signals until none of it is left, or patience
// ends; it returns those that are.
func end(ctx context.Context, family func() []relative, limits patience) ([]relative, error) {
	begin := time.Now()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		left := family()
		waited := time.Since(begin)
		switch {
		case len(left) == 0, waited >= limits.last:
			return left, nil
		case left[0].leads && waited < limits.orderly:
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

// forgetStranger removes a postmaster.pid whose process ID has since been given
// to another program: PostgreSQL would take that for a running server.
func (c *cluster) forgetStranger() error {
	pid, _ := c.postmaster()
	if !alive(pid) {
		return nil
	}
	if err := os.Remove(c.pidFile()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// relative is one of a server's processes.
type relative struct {
	pid   int
	leads bool // it's the postmaster
}

func kill(signal syscall.Signal, family []relative) {
	for _, one := range family {
		_ = syscall.Kill(one.pid, signal) // it may be gone by now
	}
}

func alive(pid int) bool { return pid > 1 && syscall.Kill(pid, 0) != syscall.ESRCH }
