package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"
)

// Observe is the one middleware of all requests: it gives them an ID, adds the
// headers that every answer has, turns errors and panics into problems, and logs a
// line. One middleware costs less than five.
func (k *Kernel) Observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		x := &exchange{Context: c}
		x.started, x.requestID, x.client, x.method = k.now(), requestID(c.Request().Header), k.AddressOf(c.Request()), c.Request().Method
		k.prepare(x)
		abort := k.run(x, next)
		x.route, x.status, x.bytes = routeOf(c.Path()), x.Response().Status, x.Response().Size
		k.log(x.Request().Context(), &x.Line)
		if abort {
			panic(http.ErrAbortHandler)
		}
		return nil
	}
}

func (k *Kernel) prepare(x *exchange) {
	r, header := x.Request(), x.Response().Header()
	header.Set(headerRequestID, x.requestID)
	for _, h := range k.fixed {
		header[h.name] = h.values
	}
	k.cors.expose(r, header)
	if r.ContentLength != 0 {
		// Whether or not the body is used, the connection must not wait for it long.
		_ = http.NewResponseController(x.Response()).SetReadDeadline(time.Now().Add(k.pace.Body))
	}
	if r.TransferEncoding != nil {
		// Where a proxy in front of us measures the body by a Content-Length that came
		// with it, what it took for the body's end would be read as the next request
		// (RFC 9112, section 6.3): there is none.
		header.Set("Connection", "close")
	}
}

// run calls next and handles its error. It reports whether the connection must be cut
// because half of an answer was sent.
func (k *Kernel) run(x *exchange, next echo.HandlerFunc) (abort bool) {
	defer func() {
		if p := recover(); p != nil {
			abort = k.recovered(x, p)
		}
	}()
	if k.cors.preflight(x) {
		return false
	}
	if err := next(x); err != nil {
		k.fail(x, err)
	}
	return false
}

func (k *Kernel) recovered(x *exchange, p any) (abort bool) {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return true
	}
	x.stack = debug.Stack()
	err := fmt.Errorf("panic: %v", p)
	if x.Response().Committed {
		x.Cause = err
		return true
	}
	k.fail(x, err)
	return false
}

// Brief bounds the time that a JSON route may take, has its events name the request,
// and keeps its answers out of every cache, because they contain secrets or the state of
// the moment.
func (k *Kernel) Brief(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		c.Response().Header().Set("Cache-Control", "no-store")
		ctx, cancel := context.WithTimeout(exchangeOf(c).informed(r.Context()), k.pace.Work)
		defer cancel()
		c.SetRequest(r.WithContext(ctx))
		err := next(c)
		c.SetRequest(r) // the reader of the error must see whether the caller still waits
		return err
	}
}
