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
	"testing/synctest"
	"time"
)

func TestATaskDelaysNoOther(t *testing.T) {
	tasks := newTasks(slog.New(slog.DiscardHandler))
	stuck, ran := make(chan bool), make(chan bool)
	tasks.While(func(context.Context) { <-stuck })
	tasks.Every(time.Millisecond, func(context.Context) error { <-stuck; return nil })
	var once sync.Once
	tasks.Every(time.Millisecond, func(context.Context) error { once.Do(func() { close(ran) }); return nil })
	<-ran
	close(stuck)
	for range 2 { // the second call changes nothing
		if err := tasks.Close(t.Context()); err != nil {
			t.Error(err)
		}
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
	_ = tasks.Close(t.Context())
	if !strings.Contains(log.String(), "it was cancelled") {
		t.Errorf("the log says %q", log.String())
	}
}

func TestATaskThatDoesNotReturnRunsAgain(t *testing.T) {
	var log syncBuffer
	tasks := newTasks(slog.New(slog.NewTextHandler(&log, nil)))
	runs, again := 0, make(chan bool)
	tasks.Every(time.Millisecond, func(context.Context) error {
		switch runs++; runs {
		case 1:
			runtime.Goexit()
		case 2:
			panic("lost my mind")
		case 3:
			close(again)
		}
		return nil
	})
	select {
	case <-again:
	case <-time.After(10 * time.Second):
		t.Error("the task did not run again")
	}
	_ = tasks.Close(t.Context())
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

// TestATaskThatNeverEndsIsLeftBehind closes tasks of which one does not watch its context.
func TestATaskThatNeverEndsIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks, stuck := newTasks(slog.New(slog.DiscardHandler)), make(chan bool)
		defer close(stuck)
		tasks.While(func(context.Context) { <-stuck })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := tasks.Close(ctx); err == nil || time.Since(began) > 4*time.Second {
			t.Errorf("Close returned after %v: %v", time.Since(began), err)
		}
	})
}
