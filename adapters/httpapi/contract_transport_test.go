package httpapi_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// checking holds every exchange of a test's client to openapi.yaml.
type checking struct {
	t    testing.TB
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (c checking) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := takeBody(&r.Body, r.Header)
	if err != nil {
		return nil, err
	}
	answer, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if received, err := takeBody(&answer.Body, answer.Header); err == nil { // else the test that reads it meets the error
		for _, fault := range theContract().check(exchanged{r, sent, answer, received}) {
			c.t.Errorf("%s %s does not match openapi.yaml: %s", r.Method, r.URL.Path, fault)
		}
	}
	return answer, nil
}

// CloseIdleConnections is called by [http.Client.CloseIdleConnections].
func (c checking) CloseIdleConnections() {
	if closer, ok := c.next.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// takeBody reads a body that is JSON or a form, and leaves it to be read again.
func takeBody(from *io.ReadCloser, header http.Header) ([]byte, error) {
	mediaType := strings.ToLower(header.Get("Content-Type"))
	if *from == nil || *from == http.NoBody || !strings.Contains(mediaType, "json") && mediaType != mediaTypeForm {
		return nil, nil
	}
	content, err := io.ReadAll(*from)
	*from = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(content), failing{err}), *from}
	return content, err
}

// failing is a reader that ends in err, or in io.EOF if that is nil.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
