package argon2

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func TestQueue(t *testing.T) {
	t.Run("a caller that finds the queue full is refused at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(1, 1, time.Hour)
			began := time.Now()
			mustEnter(t, q)
			waiting := inBackground(func() error { return q.enter(t.Context()) })
			synctest.Wait()
			if err := q.enter(t.Context()); !errors.Is(err, domain.Unavailable) {
				t.Errorf("got %v", err)
			}
			if time.Since(began) != 0 {
				t.Error("they had to wait for it")
			}
			q.leave()
			if err := <-waiting; err != nil {
				t.Errorf("the waiting caller got %v", err)
			}
		})
	})
	t.Run("a caller that waits too long is refused", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(1, 1, time.Hour)
			mustEnter(t, q)
			began := time.Now()
			if err := q.enter(t.Context()); !errors.Is(err, domain.Unavailable) {
				t.Errorf("got %v", err)
			}
			if waited := time.Since(began); waited != time.Hour {
				t.Errorf("they waited %v", waited)
			}
			q.leave()
			mustEnter(t, q)
		})
	})
	t.Run("a caller that disconnects leaves the queue", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			q := newQueue(1, 1, time.Hour)
			mustEnter(t, q)
			ctx, hangUp := context.WithCancel(t.Context())
			waiting := inBackground(func() error { return q.enter(ctx) })
			synctest.Wait()
			hangUp()
			if err := <-waiting; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if len(q.waiting) != 0 {
				t.Error("their place is still taken")
			}
		})
	})
}

func mustEnter(t *testing.T, q *queue) {
	t.Helper()
	if err := q.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func inBackground(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return done
}
