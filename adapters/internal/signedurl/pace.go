package signedurl

import (
	"io"
	"net/http"
	"time"
)

// The pace that a transfer must keep, in place of the server's fixed timeouts: a
// large file takes long, but a connection without progress is given up.
const (
	grace       = time.Minute
	bytesPerSec = 64 << 10
)

// pace extends the deadline of a transfer by the bytes that moved: announced bytes
// extend nothing.
type pace struct {
	set            func(deadline time.Time) error
	began          time.Time
	moved, counted int64 // bytes; the deadline includes those that are counted
}

func newPace(set func(time.Time) error, began time.Time) *pace {
	p := &pace{set: set, began: began}
	p.renew()
	return p
}

func (p *pace) add(n int) {
	p.moved += int64(n)
	if p.moved-p.counted >= bytesPerSec {
		p.renew()
	}
}

// renew sets the deadline. If the connection supports none, the transfer has none.
func (p *pace) renew() {
	p.counted = p.moved
	_ = p.set(p.began.Add(grace + time.Duration(p.moved/bytesPerSec)*time.Second))
}

// paceUpload returns body, held to the pace.
func paceUpload(w http.ResponseWriter, body io.Reader) io.Reader {
	return &pacedReader{body, newPace(http.NewResponseController(w).SetReadDeadline, time.Now())}
}

type pacedReader struct {
	io.Reader
	pace *pace
}

func (r *pacedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.pace.add(n)
	return n, err
}

// paceDownload returns w, held to the pace. The request is not read meanwhile, and no
// deadline for reading may cancel it.
func paceDownload(w http.ResponseWriter) http.ResponseWriter {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	return &pacedWriter{w, newPace(control.SetWriteDeadline, time.Now())}
}

type pacedWriter struct {
	http.ResponseWriter
	pace *pace
}

func (w *pacedWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.pace.add(n)
	return n, err
}
