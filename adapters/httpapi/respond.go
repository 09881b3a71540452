package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

const typeJSON = "application/json"

// respond writes v as JSON. Nothing reads our answers as HTML, so the & of a
// signed URL stays what it is.
func respond(c echo.Context, status int, v any) error {
	return write(c.Response(), status, typeJSON, v)
}

func write(w http.ResponseWriter, status int, contentType string, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encode a %T: %w", v, err)
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // whoever hung up doesn't read an error either
	return nil
}

// message is the answer of a route that has nothing else to tell.
type message struct {
	Message string `json:"message"`
}

// retryAfter asks the caller to wait, in whole seconds and for one at least
// (RFC 9110, section 10.2.3).
func retryAfter(header http.Header, wait time.Duration) {
	seconds := max(1, int64((wait+time.Second-1)/time.Second))
	header.Set("Retry-After", strconv.FormatInt(seconds, 10))
}
