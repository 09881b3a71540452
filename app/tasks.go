package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

const (
	drainTimeout  = 300 * time.Millisecond // of Close
	forcedTimeout = 2 * time.Second        // of Close once its context is done: a consumer gives its lease back within a second
	sweepInterval = 5 * time.Minute        // which is also how long a sweep may take
)

// tasks runs work that no caller waits for, each task in a goroutine of its own.
type tasks struct {
	log     *slog.Logger
	stop    chan struct{} // closed by Close
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	close func() // closes stop, once
}

func newTasks(log *slog.Logger) *tasks {
	ctx, cancel := context.WithCancel(context.Background())
	stop := make(chan struct{})
	return &tasks{log: log, stop: stop, ctx: ctx, cancel: cancel, close: sync.OnceFunc(func() { close(stop) })}
}

// Every runs task once per interval, and logs its error. A task that is still running is
// cancelled at the end of the interval, and is not started twice.
func (t *tasks) Every(interval time.Duration, task func(context.Context) error) {
	t.running.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				t.run(task, interval)
			case <-t.stop:
				return
			}
		}
	})
}

// While runs task until Close, at which its context is done at once.
func (t *tasks) While(task func(context.Context)) {
	t.running.Go(func() {
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		go func() {
			select {
			case <-t.stop:
				cancel()
			case <-ctx.Done():
			}
		}()
		task(ctx)
	})
}

// run runs task in a goroutine of its own, because a product's code may end the
// goroutine: its log handler may call a test's FailNow.
func (t *tasks) run(task func(context.Context) error, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(t.ctx, timeout)
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() {
		returned := false
		defer func() {
			if r := recover(); r != nil {
				t.log.Error("a background task panicked", "panic", r)
			} else if !returned {
				t.log.Error("a background task failed", "error", errEndedGoroutine)
			}
		}()
		err := task(ctx)
		returned = true
		if err != nil && !errors.Is(err, context.Canceled) {
			t.log.Error("a background task failed", "error", err)
		}
	})
	running.Wait()
}

// Close lets tasks that are running end within a moment, then cancels them. It leaves one
// behind that has not ended when ctx is done, as where a product's mailer does not return.
func (t *tasks) Close(ctx context.Context) error {
	t.close()
	defer t.cancel()
	patience := time.AfterFunc(drainTimeout, t.cancel)
	defer patience.Stop()
	ended := make(chan struct{})
	go func() { t.running.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	t.cancel()
	select {
	case <-ended:
		return nil
	case <-time.After(forcedTimeout):
		return errTaskLeft
	}
}

var errTaskLeft = errors.New("a background task did not end in time, as where a mailer or a log handler does not return; it was left behind")
