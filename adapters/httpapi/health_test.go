package httpapi_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/httpapi"
)

func TestHealthz(t *testing.T) {
	h := open(t)
	h.db.Break()
	if got := h.get(t, "/healthz").is(t, 200); got.body != "{\"status\":\"ok\"}\n" {
		t.Errorf("got %q", got.body)
	}
}

// readiness is a dependency with the test's own check.
type readiness func(ctx context.Context) error

func (r readiness) Ready(ctx context.Context) error { return r(ctx) }

func TestReadyz(t *testing.T) {
	t.Run("names the dependencies that are available", func(t *testing.T) {
		h := open(t)
		if got := h.get(t, "/readyz").is(t, 200).body; got != `{"status":"ready","checks":{"database":{"status":"ok"},"objects":{"status":"ok"}}}`+"\n" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("names the unavailable dependencies, without the reason", func(t *testing.T) {
		h := open(t, func(h *installation) {
			h.config.Dependencies = append(h.config.Dependencies, httpapi.Dependency{Name: "keys", Check: readiness(func(context.Context) error {
				return errors.New("dial tcp 10.1.2.3:443: secret internals")
			})})
		})
		h.db.Break()
		got := h.get(t, "/readyz").is(t, 503)
		if got.body != `{"status":"unavailable","checks":{"database":{"status":"unavailable"},"keys":{"status":"unavailable"},"objects":{"status":"ok"}}}`+"\n" || got.header.Get("Retry-After") == "" {
			t.Errorf("got %s, %v", got.body, got.header)
		}
		if !strings.Contains(h.log.String(), "secret internals") {
			t.Error("the log does not have the reason")
		}
		h.db.Restore()
		h.clock.pass(time.Second)
		if got := h.get(t, "/readyz").field(t, "checks"); !strings.Contains(got, `"database":{"status":"ok"}`) {
			t.Errorf("a recovered dependency is not seen: %s", got)
		}
	})
	t.Run("gives up a dependency that does not answer after 2 seconds", func(t *testing.T) {
		h := open(t, func(h *installation) {
			stuck := readiness(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
			h.config.Dependencies = []httpapi.Dependency{{Name: "a", Check: stuck}, {Name: "b", Check: stuck}, {Name: "c", Check: stuck}}
		})
		begin := time.Now()
		h.get(t, "/readyz").is(t, 503)
		if took := time.Since(begin); took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("checks once for all callers at once", func(t *testing.T) {
		var looks atomic.Int32
		h := open(t, func(h *installation) {
			h.config.Dependencies = []httpapi.Dependency{{Name: "database", Check: readiness(func(context.Context) error {
				looks.Add(1)
				time.Sleep(20 * time.Millisecond)
				return nil
			})}}
		})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { h.get(t, "/readyz").is(t, 200) })
		}
		wg.Wait()
		if looks.Load() != 1 {
			t.Errorf("it checked %d times", looks.Load())
		}
	})
	t.Run("survives a check that panics, and the end of the first request", func(t *testing.T) {
		started := make(chan struct{}, 2)
		h := open(t, func(h *installation) {
			h.config.Dependencies = []httpapi.Dependency{
				{Name: "bad", Check: readiness(func(context.Context) error { panic("no") })},
				{Name: "slow", Check: readiness(func(ctx context.Context) error {
					started <- struct{}{}
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(100 * time.Millisecond):
						return nil
					}
				})},
			}
		})
		conn := h.dial(t)
		if _, err := conn.Write([]byte("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		<-started
		conn.Close()
		if got := h.get(t, "/readyz").is(t, 503).field(t, "checks"); got != `{"bad":{"status":"unavailable"},"slow":{"status":"ok"}}` {
			t.Errorf("got %s", got)
		}
	})
}
