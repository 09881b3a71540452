package httpapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/ports"
)

// Requests to a product's own routes have a line in the log as ours have, if one of
// our middlewares serves them. The outermost of these writes it.

type lineKey struct{}

func lineOf(ctx context.Context) *line {
	l, _ := ctx.Value(lineKey{}).(*line)
	return l
}

// begin starts the line of a request. It returns nil if another middleware of ours
// has started one.
func (s *server) begin(header http.Header, r *http.Request) (*http.Request, *line) {
	if lineOf(r.Context()) != nil {
		return r, nil
	}
	l := &line{started: s.Now(), requestID: header.Get(headerRequestID), client: s.clientOf(r), method: r.Method}
	if l.requestID == "" {
		l.requestID = requestID(r.Header)
		header.Set(headerRequestID, l.requestID)
	}
	ctx := ports.WithRequestID(context.WithValue(r.Context(), lineKey{}, l), l.requestID)
	return r.WithContext(ctx), l
}

// observed lets next serve the request, and logs a line about it.
func (s *server) observed(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	r, l := s.begin(w.Header(), r)
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
		s.log(r.Context(), l)
	}()
	next(recorder, r)
	returned = true
}

// observedByEcho is observed as a middleware of Echo's.
func (s *server) observedByEcho(c echo.Context, next func() error) (err error) {
	r, l := s.begin(c.Response().Header(), c.Request())
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
		s.log(r.Context(), l)
	}()
	err = next()
	returned = true
	return err
}

// foretell returns the status of the answer that Echo's error handler will send for
// err.
func (l *line) foretell(ctx context.Context, err error) int {
	if clientGone(ctx, err) {
		return statusClientGone
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		if e.Code >= http.StatusInternalServerError {
			l.cause = err
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

// recorder records the status and the length of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= http.StatusOK || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(p []byte) (int, error) {
	r.begin()
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// ReadFrom lets net/http send a file without copying it.
func (r *recorder) ReadFrom(from io.Reader) (int64, error) {
	r.begin()
	n, err := io.Copy(r.ResponseWriter, from)
	r.bytes += n
	return n, err
}

// Flush implements [http.Flusher], for handlers that do not use
// [http.ResponseController].
func (r *recorder) Flush() {
	r.begin()
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

// Hijack implements [http.Hijacker], as Flush does.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil && r.status == 0 {
		r.status = http.StatusSwitchingProtocols
	}
	return conn, rw, err
}

// Unwrap is for [http.ResponseController].
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) begin() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
}
