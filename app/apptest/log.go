package apptest

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// testLog writes what an installation logs as a warning or worse, such as the cause
// of a 500, to the logs of the tests that use it. A line about a tenant is written to
// that tenant's test, and any other line to all of them.
type testLog struct {
	mu    sync.Mutex
	tests map[domain.TenantID]testing.TB
}

// watch writes lines about the tenant to t until t ends.
func (l *testLog) watch(t testing.TB, id domain.TenantID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tests == nil {
		l.tests = map[domain.TenantID]testing.TB{}
	}
	l.tests[id] = t
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.tests, id)
	})
}

// write holds the lock while a test logs, because a test that has ended must not log.
func (l *testLog) write(tenant, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, t := range l.tests {
		if id.String() == tenant {
			t.Log(text)
			return
		}
	}
	reported := map[testing.TB]bool{}
	for _, t := range l.tests {
		if !reported[t] {
			t.Log(text)
		}
		reported[t] = true
	}
}

// logHandler is a handler in front of the product's own.
type logHandler struct {
	to   *testLog
	next slog.Handler
	with []func(slog.Handler) slog.Handler // the attributes and groups of the logger
}

// logger returns a logger to l, and to the product's own if there is one.
func (l *testLog) logger(own *slog.Logger) *slog.Logger {
	next := slog.DiscardHandler
	if own != nil {
		next = own.Handler()
	}
	return slog.New(&logHandler{to: l, next: next})
}

// Enabled implements [slog.Handler].
func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || h.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level >= slog.LevelWarn {
		var text strings.Builder
		var lines slog.Handler = slog.NewTextHandler(&text, nil)
		for _, with := range h.with {
			lines = with(lines)
		}
		_ = lines.Handle(ctx, record) // a strings.Builder does not fail
		tenant := ""
		record.Attrs(func(a slog.Attr) bool {
			if a.Key == "tenant" {
				tenant = a.Value.String()
			}
			return true
		})
		h.to.write(tenant, strings.TrimSpace(text.String()))
	}
	if !h.next.Enabled(ctx, record.Level) {
		return nil
	}
	return h.next.Handle(ctx, record)
}

// WithAttrs implements [slog.Handler].
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.plus(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

// WithGroup implements [slog.Handler].
func (h *logHandler) WithGroup(name string) slog.Handler {
	return h.plus(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *logHandler) plus(with func(slog.Handler) slog.Handler) *logHandler {
	return &logHandler{h.to, with(h.next), append(slices.Clip(h.with), with)}
}
