package app

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// TestSeveralCallsOfCloseStopEverythingOnce closes an installation from two goroutines, as
// a deferred Close and a handler of signals do.
func TestSeveralCallsOfCloseStopEverythingOnce(t *testing.T) {
	stopped, release := errors.New("the part says so"), make(chan bool)
	var calls atomic.Int32
	p := &Partywall{closers: []func(context.Context) error{func(context.Context) error {
		calls.Add(1)
		<-release
		return stopped
	}}}
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- p.Close() }()
	}
	select {
	case err := <-ended:
		t.Errorf("a call returned before everything was stopped: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(release)
	first, second := <-ended, <-ended
	if calls.Load() != 1 || errors.Is(first, stopped) == errors.Is(second, stopped) {
		t.Errorf("the part was closed %d times; the calls returned %v and %v", calls.Load(), first, second)
	}
	if err := p.Close(); err != nil || calls.Load() != 1 {
		t.Errorf("a later call: %v, %d", err, calls.Load())
	}
}
