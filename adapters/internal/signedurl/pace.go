package signedurl

import (
	"io"
	"net/http"
	"time"
)

// The pace that a transfer must keep, in place of the server's fixed timeouts: a
// large file takes long, and a connection that stands still is given up.
const (
	grace       = time.Minute
	bytesPerSec = 64 << 10
)

// pace moves the deadline of a transfer on with the bytes that moved: what was
// only promised earns no time.
type pace struct {
	set            func(deadline time.Time) error
	began          time.Time
	moved, counted int64 // bytes; counted are those that the deadline knows of
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

// renew sets the deadline. Where there are none to set, the transfer has none.
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

// paceDownload returns w, held to the pace. Nothing more is read meanwhile, and
// no deadline for that may cancel the request.
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
