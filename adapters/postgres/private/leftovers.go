package private

import (
	"context"
	"syscall"
	"time"
)

// stopLeftovers ends what still runs on the cluster though nobody holds its
// lock: a server that is shutting down since its owner was killed, or the
// sessions of a server that was killed itself.
func (c *cluster) stopLeftovers(ctx context.Context) error {
	begin := time.Now()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		left := c.family()
		waited := time.Since(begin)
		switch {
		case len(left) == 0:
			return c.forgetStranger()
		case left[0].leads && waited < 5*time.Second:
			kill(syscall.SIGINT, left[:1])
		case waited < 7*time.Second:
			kill(syscall.SIGQUIT, left)
		default:
			kill(syscall.SIGKILL, left)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
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
