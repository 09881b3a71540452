package embeddedpg

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/childserver"
)

// order is a function that the supervisor runs on request.
type order struct {
	ctx  context.Context
	do   func(ctx context.Context, p *childserver.Process) (*childserver.Process, error)
	done chan<- error
}

const (
	firstDelay = 100 * time.Millisecond // before the first restart of a server that died
	lastDelay  = 3 * time.Second        // the longest delay between restarts that fail
	lockPoll   = 100 * time.Millisecond // how often the lock of a found server is attempted
)

// supervise keeps a server running until life ends. p is this process's own server. If
// p is nil, supervise waits to take over the server of another process.
func (s *Server) supervise(life context.Context, p *childserver.Process) {
	defer close(s.done)
	defer s.lock.Close()
	delay := firstDelay
	again := time.NewTimer(lockPoll)
	look := time.NewTicker(upgradePoll)
	defer look.Stop()
	var installed programs
	installed.started(s.cluster)
	for {
		select {
		case <-p.Exited():
			s.logger.Error("PostgreSQL died; restarting it", "err", p.Err(), "log", s.cluster.logFile())
			p = nil
			again.Reset(firstDelay)
		case <-again.C:
			if p != nil {
				break // the timer was set before an order started the server
			}
			if mine, err := s.lock.TryLock(); err != nil || !mine {
				again.Reset(lockPoll)
				break
			}
			var err error
			if p, err = s.relaunch(life); err == nil {
				s.logger.Info("PostgreSQL is ready again", "at", s.known.where())
				delay = firstDelay
				installed.started(s.cluster)
			} else if life.Err() == nil {
				delay = min(2*delay, lastDelay)
				s.logger.Error("cannot start PostgreSQL; retrying", "err", err, "retryIn", delay)
				again.Reset(delay)
			}
		case <-look.C:
			if p != nil && installed.replaced(life, s) {
				s.haltSoon(life, p)
				p = nil
				again.Reset(0)
			}
		case o := <-s.orders:
			again.Stop()
			var err error
			p, err = o.do(o.ctx, p)
			installed.started(s.cluster)
			o.done <- err
		case <-life.Done():
			s.halt(s.deadline, p)
			return
		}
	}
}

// haltSoon stops the server if it runs: orderly, unless that takes long.
func (s *Server) haltSoon(ctx context.Context, p *childserver.Process) {
	ctx, cancel := context.WithTimeout(ctx, closePatience)
	defer cancel()
	s.halt(ctx, p)
}

// halt stops the server if it runs: orderly until ctx is done, then by force.
func (s *Server) halt(ctx context.Context, p *childserver.Process) {
	if p == nil {
		return
	}
	s.cluster.halt(ctx, p)
	if overSocket(s.known.host) {
		_ = os.Remove(s.known.host) // succeeds only if it is empty, as after an orderly end
	}
	s.logger.Info("PostgreSQL was stopped", "at", s.known.where())
}

// closePatience limits how long Close waits for an orderly end.
const closePatience = 3 * time.Second

// Close stops a server that this process runs, and waits until it has ended. It is
// [Server.Shutdown] with three seconds for an orderly end.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	return s.Shutdown(ctx)
}

// Shutdown ends all sessions, stops a server that this process runs, and waits
// until it has ended. When ctx is done, the server is stopped at once. No committed
// transaction is lost then, but the next start must recover. A server that
// was found keeps running. Further calls only wait.
func (s *Server) Shutdown(ctx context.Context) error {
	s.closing.Do(func() {
		s.deadline = ctx
		s.cancel()
	})
	<-s.done
	if s.cluster.lasting {
		return nil
	}
	return os.RemoveAll(s.cluster.home)
}

// errClosed is the answer to an order after Close.
var errClosed = errors.New("the PostgreSQL server was closed")

// order lets the supervisor run do, unless another process runs the server.
func (s *Server) order(ctx context.Context, do func(context.Context, *childserver.Process) (*childserver.Process, error)) error {
	done := make(chan error, 1)
	select {
	case s.orders <- order{ctx, s.ifOurs(do), done}:
		return <-done
	case <-s.done:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Server) ifOurs(do func(context.Context, *childserver.Process) (*childserver.Process, error)) func(context.Context, *childserver.Process) (*childserver.Process, error) {
	return func(ctx context.Context, p *childserver.Process) (*childserver.Process, error) {
		if !s.lock.Locked() {
			return p, errors.New("another process runs this PostgreSQL server")
		}
		return do(ctx, p)
	}
}

// Stop stops the server until [Server.Restart]. Stop, Restart and Kill exist to test
// how the server's clients behave.
func (s *Server) Stop(ctx context.Context) error {
	return s.order(ctx, func(ctx context.Context, p *childserver.Process) (*childserver.Process, error) {
		s.haltSoon(ctx, p)
		return nil, nil
	})
}

// Restart stops the server if it runs, starts it at the same address, and returns when
// it is ready.
func (s *Server) Restart(ctx context.Context) error {
	return s.order(ctx, func(ctx context.Context, p *childserver.Process) (*childserver.Process, error) {
		s.haltSoon(ctx, p)
		return s.relaunch(ctx)
	})
}

// Kill kills the postmaster with SIGKILL, as a system short of memory does.
// The supervisor then starts the server again.
func (s *Server) Kill() error {
	return s.order(context.Background(), func(_ context.Context, p *childserver.Process) (*childserver.Process, error) {
		if p == nil {
			return nil, errors.New("the PostgreSQL server is not running")
		}
		err := p.Signal(syscall.SIGKILL)
		<-p.Exited()
		return p, err
	})
}
