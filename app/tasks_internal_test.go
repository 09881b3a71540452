package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// A sweep in the same queue as mail would not run while mail is slow, and would be
// dropped once the queue is full.
func TestWhatIsDueIsRunBesideAFullQueue(t *testing.T) {
	tasks := newTasks(slog.New(slog.DiscardHandler))
	stuck := make(chan bool)
	for range 2 * maxTasks {
		tasks.Later(func(context.Context) error { <-stuck; return nil })
	}
	const due = 5
	ran := make(chan bool, due)
	tasks.Every(time.Millisecond, func(context.Context) error {
		select {
		case ran <- true:
		default:
		}
		return nil
	})
	for range due {
		<-ran
	}
	close(stuck)
	if err := tasks.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsDueEndsWithTheTasks(t *testing.T) {
	var log syncBuffer
	tasks := newTasks(slog.New(slog.NewTextHandler(&log, nil)))
	began := make(chan bool)
	var once sync.Once
	tasks.Every(time.Millisecond, func(ctx context.Context) error {
		once.Do(func() { close(began) })
		<-ctx.Done()
		return errors.New("it was cancelled")
	})
	<-began
	_ = tasks.Close()
	if !strings.Contains(log.String(), "it was cancelled") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestATaskThatDoesNotReturnEndsNoOther(t *testing.T) {
	var log syncBuffer
	tasks := newTasks(slog.New(slog.NewTextHandler(&log, nil)))
	tasks.Later(func(context.Context) error { runtime.Goexit(); return nil })
	tasks.Later(func(context.Context) error { panic("lost my mind") })
	ran := make(chan bool)
	tasks.Later(func(context.Context) error { close(ran); return nil })
	select {
	case <-ran:
	case <-time.After(10 * time.Second):
		t.Error("the next task was not run")
	}
	_ = tasks.Close()
	if said := log.String(); !strings.Contains(said, "runtime.Goexit") || !strings.Contains(said, "lost my mind") {
		t.Errorf("the log says %q", said)
	}
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
