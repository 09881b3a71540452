package postgres

import (
	"io"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// sink passes an export's tables on, and keeps the errors of where they go.
type sink struct{ *exporting }

// Table implements [ports.ArchiveSink].
func (s sink) Table(t ports.ArchivedTable) (io.Writer, error) {
	w, err := s.into.Table(t)
	s.refused = err
	return &rowWriter{w, s.exporting}, err
}

// Member implements [ports.ArchiveSink].
func (s sink) Member(m domain.Membership) error { return s.into.Member(m) }

// Invitation implements [ports.ArchiveSink].
func (s sink) Invitation(i domain.Invitation) error { return s.into.Invitation(i) }

// rowWriter keeps the error of where the rows go, which comes back as it is.
type rowWriter struct {
	io.Writer
	exporting *exporting
}

// Write implements [io.Writer].
func (w *rowWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if err != nil {
		w.exporting.refused = err
	}
	return n, err
}
