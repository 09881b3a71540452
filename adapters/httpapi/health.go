package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/httpapi/internal/web"
	"github.com/partywall-go/partywall/adapters/internal/problem"
)

const (
	checkTimeout = 2 * time.Second
	checkFresh   = time.Second
)

// healthz handles GET /healthz: the process is running.
func (s *server) healthz(c echo.Context) error {
	return web.Respond(c, http.StatusOK, healthAnswer{Status: "ok"})
}

// readyz handles GET /readyz: all dependencies can be used.
func (s *server) readyz(c echo.Context) error {
	answer, err := s.health.look(c.Request().Context())
	if err != nil {
		web.LineOf(c).Cause = err
		problem.SetRetryAfter(c.Response().Header(), checkFresh)
		return web.Respond(c, http.StatusServiceUnavailable, answer)
	}
	return web.Respond(c, http.StatusOK, answer)
}

type healthAnswer struct {
	Status string                 `json:"status"`
	Checks map[string]checkAnswer `json:"checks,omitempty"`
}

type checkAnswer struct {
	Status string `json:"status"`
}

// health checks the dependencies once for all callers who ask within a second, so
// that many requests do not cause many checks.
type health struct {
	dependencies []Dependency
	now          func() time.Time

	mu      sync.Mutex // held during a check
	seen    time.Time
	answer  healthAnswer
	problem error
}

// look returns the answer, and an error with the reason if a dependency is
// unavailable. It takes as long as two checks at most.
func (h *health) look(ctx context.Context) (healthAnswer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if age := h.now().Sub(h.seen); h.seen.IsZero() || age < 0 || age >= checkFresh {
		// The first caller may hang up: the others still need the answer.
		h.answer, h.problem = h.check(context.WithoutCancel(ctx))
		h.seen = h.now()
	}
	return h.answer, h.problem
}

func (h *health) check(ctx context.Context) (healthAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	errs := make([]error, len(h.dependencies))
	var checks sync.WaitGroup
	for i, dependency := range h.dependencies {
		checks.Go(func() { errs[i] = dependency.ready(ctx) })
	}
	checks.Wait()
	answer := healthAnswer{Status: "ready", Checks: make(map[string]checkAnswer, len(errs))}
	for i, err := range errs {
		status := "ok"
		if err != nil {
			status, answer.Status = "unavailable", "unavailable"
		}
		answer.Checks[h.dependencies[i].Name] = checkAnswer{status}
	}
	return answer, errors.Join(errs...)
}

func (d Dependency) ready(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v", d.Name, p)
		}
	}()
	if err := d.Check.Ready(ctx); err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	return nil
}
