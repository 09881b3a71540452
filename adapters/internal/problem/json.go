package problem

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// WriteJSON answers with v as JSON. No client reads our answers as HTML, so the & of a
// signed URL is not escaped.
func WriteJSON(w http.ResponseWriter, status int, contentType string, v any) error {
	encoder := json.NewEncoder(&answer{w, status, contentType})
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encode a %T: %w", v, err)
	}
	return nil
}

// answer sends the bytes of one Write as the whole answer. A [json.Encoder] calls
// Write once, with all of a value, and not at all if it cannot encode the value.
type answer struct {
	to          http.ResponseWriter
	status      int
	contentType string
}

// Write implements [io.Writer].
func (a *answer) Write(body []byte) (int, error) {
	header := a.to.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	a.to.WriteHeader(a.status)
	_, _ = a.to.Write(body) // a client that hung up does not read an error either
	return len(body), nil
}
