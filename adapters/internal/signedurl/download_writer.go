package signedurl

import (
	"net/http"
	"strconv"
)

// downloadWriter makes [http.ServeContent] refuse with our problem documents, and
// send the length of encoded content, too.
type downloadWriter struct {
	http.ResponseWriter
	size    int64 // bytes, of the whole object
	refused bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *downloadWriter) WriteHeader(status int) {
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		w.refuse(errRange)
	case http.StatusPreconditionFailed:
		w.refuse(errStale)
	case http.StatusOK:
		w.Header().Set("Content-Length", strconv.FormatInt(w.size, 10))
		fallthrough
	default:
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *downloadWriter) refuse(err error) {
	w.refused = true
	for _, name := range append([]string{"Content-Length"}, keptHeaders...) { // they are the object's
		w.Header().Del(name)
	}
	w.Header().Set("Cache-Control", "private, no-store")
	writeProblem(w.ResponseWriter, err)
}

// Write implements [http.ResponseWriter].
func (w *downloadWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}
