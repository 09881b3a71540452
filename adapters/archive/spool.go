package archive

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// spool keeps what was read, compressed in a file without a name, until the manifest that
// describes it is written: the transaction of an export does not wait for the archive's
// reader, and the memory stays small.
type spool struct {
	file *os.File
	at   int64 // its end
	open *spooled
}

// spooled is a part of a spool.
type spooled struct {
	from, to int64
	counter  *counter
	buffer   *bufio.Writer
	zstd     *zstd.Encoder
}

// spoolWindow bounds the memory of a stream.
const spoolWindow = 1 << 20

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", "partywall-archive-*")
	if err != nil {
		return nil, spoolError(err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(spoolError(err), file.Close())
	}
	return &spool{file: file}, nil
}

func spoolError(err error) error {
	return fmt.Errorf("cannot write a temporary file, set TMPDIR to a folder with room: %w", err)
}

func (s *spool) Close() error { return s.file.Close() }

// begin returns a new part, after it ended the one before.
func (s *spool) begin() (*spooled, error) {
	if err := s.end(); err != nil {
		return nil, err
	}
	part := &spooled{from: s.at, counter: newCounter()}
	encoder, err := zstd.NewWriter(&appender{s}, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(spoolWindow), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, err
	}
	part.zstd, part.buffer = encoder, bufio.NewWriterSize(encoder, 64<<10)
	s.open = part
	return part, nil
}

// Write implements [io.Writer].
func (p *spooled) Write(b []byte) (int, error) {
	_, _ = p.counter.Write(b)
	n, err := p.buffer.Write(b)
	if err != nil {
		err = spoolError(err)
	}
	return n, err
}

// end ends the part that was begun last.
func (s *spool) end() error {
	if s.open == nil {
		return nil
	}
	part := s.open
	s.open = nil
	if err := cmp.Or(part.buffer.Flush(), part.zstd.Close()); err != nil { // both fail on a full disk
		return spoolError(err)
	}
	part.to = s.at
	return nil
}

// read returns what was written to a part that has ended.
func (s *spool) read(p *spooled) (*zstd.Decoder, error) {
	return zstd.NewReader(io.NewSectionReader(s.file, p.from, p.to-p.from), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
}

// appender writes at the end of the spool.
type appender struct{ *spool }

// Write implements [io.Writer].
func (a *appender) Write(p []byte) (int, error) {
	n, err := a.file.WriteAt(p, a.at)
	a.at += int64(n)
	return n, err
}
