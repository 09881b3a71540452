package signedurl

import "net/http"

// rangeRefuser has [http.ServeContent] refuse a range in our form, not in its own.
type rangeRefuser struct {
	http.ResponseWriter
	refused bool
}

// WriteHeader implements [http.ResponseWriter].
func (w *rangeRefuser) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; w.refused {
		writeProblem(w.ResponseWriter, errRange)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *rangeRefuser) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}
