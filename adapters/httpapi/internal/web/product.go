package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
)

// Prover returns a request with the proof in its context, or the error for the caller. It
// records in the line which user and tenant it found.
type Prover func(*http.Request, *Line) (*http.Request, error)

// Guard lets next, a product's route, serve the requests for which prove returns no
// error. Each request has a line in the log.
func (k *Kernel) Guard(next http.Handler, prove Prover) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k.observed(w, r, func(w http.ResponseWriter, r *http.Request) {
			l := lineOf(r.Context())
			admitted, err := prove(r, l)
			if err != nil {
				k.WriteProblem(w, r, err)
				return
			}
			l.routed = admitted
			next.ServeHTTP(w, admitted)
		})
	})
}

// EchoGuard is [Kernel.Guard] as a middleware of Echo's.
func (k *Kernel) EchoGuard(next echo.HandlerFunc, prove Prover) echo.HandlerFunc {
	return func(c echo.Context) error {
		return k.observedByEcho(c, func() error {
			admitted, err := prove(c.Request(), lineOf(c.Request().Context()))
			if err != nil {
				k.WriteProblem(c.Response(), c.Request(), err)
				return nil
			}
			c.SetRequest(admitted)
			return next(c)
		})
	}
}

// WriteProblem answers a request to a product's route with the problem document of err.
func (k *Kernel) WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	ctx, header := r.Context(), w.Header()
	if clientGone(ctx, err) {
		w.WriteHeader(statusClientGone)
		return
	}
	e := refusal(ctx, err)
	id := header.Get(headerRequestID)
	if id == "" {
		id = requestID(r.Header)
		header.Set(headerRequestID, id)
	}
	switch l := lineOf(ctx); {
	case l != nil && !l.logged:
		l.answered(e, err)
	case l != nil && l.Cause != nil: // the line has it
	case problem.StatusOf(e) >= http.StatusInternalServerError:
		k.logger.ErrorContext(ctx, "a request failed", "method", knownMethod(r.Method), "route", r.Pattern, "requestId", id, "error", err)
	}
	challenge(header, e)
	writeProblem(w, id, e)
}

// EchoErrorHandler is [Kernel.WriteProblem] as the HTTPErrorHandler of a product's
// Echo. Echo's own errors that have no problem of ours are answered as Echo does.
func (k *Kernel) EchoErrorHandler(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok && !fromRouter(e) {
		c.Echo().DefaultHTTPErrorHandler(err, c)
		return
	}
	k.WriteProblem(c.Response(), c.Request(), err)
}

// fromRouter reports whether Echo's router found no route, as opposed to an error
// that a handler returned.
func fromRouter(e *echo.HTTPError) bool {
	return e == echo.ErrNotFound || e == echo.ErrMethodNotAllowed
}
