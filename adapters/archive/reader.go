package archive

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/partywall-go/partywall/domain"
)

// The limits of what the reader keeps in memory, whatever an archive says.
const (
	maxWindow   = 32 << 20 // of the compression
	maxManifest = 16 << 20
	maxEnd      = 4 << 10
	maxLine     = 64 << 10 // of members.jsonl and files.jsonl
)

// reader reads an archive from its beginning to its end. It trusts nothing that it reads.
type reader struct {
	source   *source
	plain    io.Reader // the source, decompressed
	tar      *tar.Reader
	close    func()
	manifest manifest
}

// source reads the archive, and keeps the error of the reader: such an error does not mean
// that the archive is damaged.
type source struct {
	io.Reader
	err error
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// openReader reads the manifest.
func openReader(from io.Reader) (*reader, error) {
	r := &reader{source: &source{Reader: from}}
	decoder, err := zstd.NewReader(r.source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, r.explain(err)
	}
	return r, r.open(decoder, decoder.Close)
}

// open reads the manifest from a tar.
func (r *reader) open(plain io.Reader, closing func()) error {
	r.plain, r.tar, r.close = plain, tar.NewReader(plain), closing
	if err := r.readJSON(manifestEntry, maxManifest, &r.manifest); err != nil {
		r.Close()
		return err
	}
	if r.manifest.Format != format {
		r.Close()
		return domain.Errorf(domain.Internal, "the archive has format %d, and this program reads format %d: import it by the release that wrote it, or by a newer one", r.manifest.Format, format).WithCode(CodeDamaged)
	}
	return nil
}

// Close releases the memory of the reader.
func (r *reader) Close() { r.close() }

// explain returns why the archive cannot be read.
func (r *reader) explain(err error) error {
	var ours *domain.Error
	switch {
	case errors.As(err, &ours):
		return err
	case r.source.err != nil:
		return fmt.Errorf("cannot read the archive: %w", r.source.err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return damaged(nil, "it ends too early, or something else follows it")
	}
	return damaged(err, "it cannot be decompressed")
}

// next returns the header of the next entry, or [io.EOF].
func (r *reader) next() (*tar.Header, error) {
	header, err := r.tar.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, err
	case err != nil:
		return nil, r.explain(err)
	case header.Typeflag != tar.TypeReg:
		return nil, damaged(nil, "an entry is no file")
	}
	return header, nil
}

// expect returns the next entry, which must have the name.
func (r *reader) expect(name string) (*tar.Header, error) {
	header, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, r.explain(err)
	}
	if err == nil && header.Name != name {
		return nil, damaged(nil, "it has the entry %q in place of %s", header.Name, name)
	}
	return header, err
}

// readJSON reads the next entry, which must have the name and at most limit bytes.
func (r *reader) readJSON(name string, limit int64, into any) error {
	header, err := r.expect(name)
	if err != nil {
		return err
	}
	if header.Size > limit {
		return damaged(nil, "%s has more than %d bytes", name, limit)
	}
	text, err := io.ReadAll(r.tar)
	if err != nil {
		return r.explain(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return damaged(err, "%s is not what it should be", name)
	}
	return nil
}

// section returns what reads the next entry, and fails at its end unless it is as s says.
func (r *reader) section(name string, s section) (*checked, error) {
	header, err := r.expect(name)
	if err != nil {
		return nil, err
	}
	if header.Size != s.Bytes {
		return nil, damaged(nil, "%s does not have the size that the manifest says", name)
	}
	return &checked{from: r, name: name, want: s, got: newCounter()}, nil
}

// checked reads an entry and compares it with its section.
type checked struct {
	from *reader
	name string
	want section
	got  *counter
}

// Read implements [io.Reader].
func (c *checked) Read(p []byte) (int, error) {
	n, err := c.from.tar.Read(p)
	_, _ = c.got.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if c.got.section() != c.want {
			return n, damaged(nil, "%s is not what the manifest says", c.name)
		}
		return n, err
	}
	if err != nil {
		return n, c.from.explain(err)
	}
	return n, nil
}

// lines calls each with every line of the entry, without its end.
func (c *checked) lines(each func(line []byte) error) error {
	buffer := bufio.NewReaderSize(c, maxLine)
	for {
		line, err := buffer.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case errors.Is(err, io.EOF):
			return damaged(nil, "a line of %s has no end", c.name)
		case errors.Is(err, bufio.ErrBufferFull):
			return damaged(nil, "a line of %s is longer than %d bytes", c.name, maxLine)
		case err != nil:
			return err
		}
		if err := each(line[:len(line)-1]); err != nil {
			return err
		}
	}
}

// finish reads the last entry, which must say what was found, and the end.
func (r *reader) finish(found end) error {
	var last end
	if err := r.readJSON(endEntry, maxEnd, &last); err != nil {
		return err
	}
	if last != found {
		return damaged(nil, "the contents of the files are not what its end says")
	}
	return r.expectEnd()
}

// expectEnd fails unless nothing follows.
func (r *reader) expectEnd() error {
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = damaged(nil, "it goes on after its end")
		}
		return err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r.plain, 1))
	switch {
	case err != nil:
		return r.explain(err)
	case n > 0:
		return damaged(nil, "it goes on after its end")
	}
	return nil
}
