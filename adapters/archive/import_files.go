package archive

import (
	"archive/tar"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// copyFiles reads the rest of the archive: the list of the files, which it keeps in a
// spool, and their contents.
func (i *imports) copyFiles(ctx context.Context) error {
	found := newContents()
	m := i.reader.manifest.Files
	list, err := i.reader.section(filesEntry, m.List)
	if err != nil {
		return err
	}
	if m.Mode != IncludeFiles {
		if _, err := io.Copy(io.Discard, list); err != nil {
			return err
		}
		i.report.Without = m.List.Lines
		return i.reader.finish(found.end())
	}
	names, err := i.keepList(list)
	if err != nil {
		return err
	}
	defer func() { _ = names.Close() }()
	return i.copyContents(ctx, names, found)
}

// keepList copies the list to a spool.
func (i *imports) keepList(list *checked) (*listed, error) {
	kept, err := newSpool()
	if err != nil {
		return nil, err
	}
	part, err := kept.begin()
	if err == nil {
		err = list.lines(func(line []byte) error {
			_, err := part.Write(append(line, '\n'))
			return err
		})
	}
	if err := cmp.Or(err, kept.end()); err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	decoder, err := kept.read(part)
	if err != nil {
		return nil, errors.Join(err, kept.Close())
	}
	return &listed{kept, decoder.IOReadCloser(), json.NewDecoder(decoder), 0}, nil
}

// listed is the list of the files, which is read once.
type listed struct {
	spool   *spool
	decoder io.Closer
	lines   *json.Decoder
	at      int64 // the last line that was read
}

func (l *listed) Close() error { return errors.Join(l.decoder.Close(), l.spool.Close()) }

// seek reads on to the line n.
func (l *listed) seek(n int64) (file fileObject, err error) {
	for l.at < n {
		file = fileObject{}
		if err := l.lines.Decode(&file); err != nil {
			return fileObject{}, damaged(err, "%s has no valid line %d", filesEntry, l.at+1)
		}
		l.at++
	}
	return file, nil
}

// copyContents puts the contents, which come in the order of the list, and reads the end.
func (i *imports) copyContents(ctx context.Context, names *listed, found *contents) error {
	for {
		header, err := i.reader.next()
		if errors.Is(err, io.EOF) {
			return i.reader.explain(err)
		}
		if err != nil {
			return err
		}
		if header.Name == endEntry {
			return i.finish(header, found)
		}
		if err := i.copyFile(ctx, header, names, found); err != nil {
			return err
		}
	}
}

// finish reads the end, whose header was read.
func (i *imports) finish(header *tar.Header, found *contents) error {
	var last end
	if header.Size > maxEnd {
		return damaged(nil, "%s has more than %d bytes", endEntry, maxEnd)
	}
	if err := json.NewDecoder(i.reader.tar).Decode(&last); err != nil {
		return i.reader.explain(err)
	}
	if last != found.end() {
		return damaged(nil, "the contents of the files are not what its end says")
	}
	i.report.Files, i.report.Bytes, i.report.Without = found.files, found.bytes, i.reader.manifest.Files.List.Lines-found.files
	return i.reader.expectEnd()
}

// copyFile puts the content of an entry.
func (i *imports) copyFile(ctx context.Context, header *tar.Header, names *listed, found *contents) error {
	n, err := fileNumber(header.Name)
	if err != nil {
		return err
	}
	if n <= names.at {
		return damaged(nil, "it has the entry %q where a file follows", header.Name)
	}
	file, err := names.seek(n)
	if err != nil {
		return err
	}
	key, err := domain.NewObjectKey(i.id, file.Name)
	if err != nil {
		return damaged(err, "a file has no valid name")
	}
	content, err := contentOf(header)
	if err != nil {
		return err
	}
	sum := newCounter()
	content.Body = io.NopCloser(io.TeeReader(entryReader{i.reader}, sum))
	i.copied = true
	if err := i.service.Objects.PutContent(ctx, key, content); err != nil {
		return err
	}
	found.add(n, sum)
	return nil
}

// fileNumber returns the number in the name of a content's entry.
func fileNumber(name string) (int64, error) {
	digits, found := strings.CutPrefix(name, "files/")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !found || fileEntry(n) != name {
		return 0, damaged(err, "it has the entry %q where a file follows", name)
	}
	return n, nil
}

// keptHeaders are those that an object store serves with an object.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// contentOf reads what an entry says about its content.
func contentOf(header *tar.Header) (ports.ObjectContent, error) {
	content := ports.ObjectContent{Size: header.Size, ContentType: header.PAXRecords[typeAttribute]}
	if text := header.PAXRecords[headersAttribute]; text != "" {
		if err := json.Unmarshal([]byte(text), &content.Headers); err != nil {
			return content, damaged(err, "the headers of a file cannot be read")
		}
	}
	for name, value := range content.Headers {
		if !slices.Contains(keptHeaders, http.CanonicalHeaderKey(name)) || !isHeader(value) {
			return content, damaged(nil, "a file has the header %q", name)
		}
	}
	if !isHeader(content.ContentType) {
		return content, damaged(nil, "a file has no valid type")
	}
	return content, nil
}

// isHeader reports whether a value can be sent as a header.
func isHeader(value string) bool {
	return len(value) <= 8<<10 && !slices.ContainsFunc([]byte(value), func(c byte) bool { return c < ' ' || c > '~' })
}

// entryReader reads the current entry.
type entryReader struct{ *reader }

// Read implements [io.Reader].
func (r entryReader) Read(p []byte) (int, error) {
	n, err := r.tar.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.explain(err)
	}
	return n, err
}
