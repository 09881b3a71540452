package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
)

// Requests to a product's own routes have a line in the log as ours have, if one of
// our middlewares serves them. The outermost of these writes it.

type lineKey struct{}

func lineOf(ctx context.Context) *Line {
	l, _ := ctx.Value(lineKey{}).(*Line)
	return l
}

// begin starts the line of a request. It returns nil if another middleware of ours
// has started one.
func (k *Kernel) begin(header http.Header, r *http.Request) (*http.Request, *Line) {
	if lineOf(r.Context()) != nil {
		return r, nil
	}
	l := &Line{started: k.now(), requestID: header.Get(headerRequestID), client: k.AddressOf(r), method: r.Method}
	if l.requestID == "" {
		l.requestID = requestID(r.Header)
		header.Set(headerRequestID, l.requestID)
	}
	return r.WithContext(l.informed(context.WithValue(r.Context(), lineKey{}, l))), l
}

// observed lets next serve the request, and logs a line about it.
func (k *Kernel) observed(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	r, l := k.begin(w.Header(), r)
	if l == nil {
		next(w, r)
		return
	}
	recorder := &recorder{ResponseWriter: w}
	l.routed = r
	returned := false
	defer func() {
		l.status, l.bytes = recorder.status, recorder.bytes
		switch {
		case l.status == 0 && returned:
			l.status = http.StatusOK // which net/http sends
		case l.status == 0:
			l.status = http.StatusInternalServerError // it panics
		}
		l.route = routeOf(l.routed.Pattern)
		k.log(r.Context(), l)
	}()
	next(recorder, r)
	returned = true
}

// observedByEcho is observed as a middleware of Echo's.
func (k *Kernel) observedByEcho(c echo.Context, next func() error) (err error) {
	r, l := k.begin(c.Response().Header(), c.Request())
	if l == nil {
		return next()
	}
	c.SetRequest(r)
	returned := false
	defer func() {
		l.route, l.status, l.bytes = routeOf(c.Path()), c.Response().Status, c.Response().Size
		switch {
		case c.Response().Committed:
		case !returned: // it panics
			l.status = http.StatusInternalServerError
		case err != nil:
			l.status = l.foretell(r.Context(), err)
		}
		k.log(r.Context(), l)
	}()
	err = next()
	returned = true
	return err
}

// foretell returns the status of the answer that Echo's error handler will send for
// err.
func (l *Line) foretell(ctx context.Context, err error) int {
	if clientGone(ctx, err) {
		return statusClientGone
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		if e.Code >= http.StatusInternalServerError {
			l.Cause = err
		}
		return e.Code
	}
	e := refusal(ctx, err)
	l.answered(e, err)
	return problem.StatusOf(e)
}

func routeOf(pattern string) string {
	if pattern == "" {
		return "unmatched"
	}
	return pattern
}
