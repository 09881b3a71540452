package web

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Transfer hands a request over to the handler that moves bytes, for as long as that
// takes: the limits of JSON routes do not apply, and h sets a pace of its own by
// [http.ResponseController]. When the server stops, the transfer stops as well, also
// in the middle of a read.
func (k *Kernel) Transfer(h http.Handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		controller := http.NewResponseController(c.Response())
		_ = controller.SetReadDeadline(time.Time{})
		_ = controller.SetWriteDeadline(time.Time{})
		cut := context.AfterFunc(c.Request().Context(), func() {
			_ = controller.SetReadDeadline(time.Unix(1, 0))
			_ = controller.SetWriteDeadline(time.Now().Add(time.Second)) // enough to write the answer
		})
		h.ServeHTTP(c.Response(), c.Request())
		if cut() {
			_ = controller.SetReadDeadline(time.Now().Add(k.pace.Body)) // for the rest of a body that was refused
			_ = controller.SetWriteDeadline(time.Now().Add(k.pace.Work))
		}
		return nil
	}
}
