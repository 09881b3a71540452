package disk

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/signedurl"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// An object's file is its bytes, then what is known of it as JSON, then the
// length of the JSON (4 bytes, big endian) and a mark. Both halves are one file
// so that they change in one step.
const objectMark = "pwobject1\n"

const (
	objectTailLen = 4 + len(objectMark)
	maxTrailerLen = 1 << 20 // a key and a header: far less
)

// errDamaged reports a file that is not an object, or belongs to another key.
var errDamaged = errors.New("damaged object file")

// trailer is the metadata that a file contains about its object.
type trailer struct {
	Key         string    `json:"key"`
	ContentType string    `json:"contentType"`
	Size        int64     `json:"size"`
	ModifiedAt  time.Time `json:"modifiedAt"`

	ETag    string            `json:"etag,omitempty"` // empty in files of older versions
	Headers map[string]string `json:"headers,omitempty"`
}

func writeObject(file io.Writer, key domain.ObjectKey, upload *signedurl.Upload, body io.Reader) error {
	size, err := io.Copy(file, body)
	if err != nil {
		return err
	}
	tail, err := json.Marshal(trailer{
		Key: key.String(), ContentType: upload.ContentType, Size: size, ModifiedAt: time.Now().UTC(),
		ETag: upload.ETag(), Headers: upload.Headers,
	})
	if err != nil {
		return err
	}
	tail = binary.BigEndian.AppendUint32(tail, uint32(len(tail)))
	_, err = file.Write(append(tail, objectMark...))
	return err
}

// readObject returns the object that file holds under key. It takes the file
// over if it returns no error.
func readObject(file *os.File, key domain.ObjectKey) (*object, signedurl.Object, error) {
	t, err := readTrailer(file)
	if err != nil {
		return nil, signedurl.Object{}, err
	}
	if t.Key != key.String() {
		return nil, signedurl.Object{}, fmt.Errorf("%w: it belongs to another key", errDamaged)
	}
	kept := signedurl.Object{
		ObjectInfo: ports.ObjectInfo{Size: t.Size, ContentType: t.ContentType, ModifiedAt: t.ModifiedAt},
		ETag:       t.ETag,
		Headers:    t.Headers,
	}
	return &object{io.NewSectionReader(file, 0, t.Size), file}, kept, nil
}

func readTrailer(file *os.File) (trailer, error) {
	stat, err := file.Stat()
	if err != nil {
		return trailer{}, err
	}
	tail := make([]byte, objectTailLen)
	if _, err := file.ReadAt(tail, stat.Size()-int64(len(tail))); err != nil {
		return trailer{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	length := int64(binary.BigEndian.Uint32(tail))
	if string(tail[4:]) != objectMark || length > maxTrailerLen {
		return trailer{}, fmt.Errorf("%w: it has no mark", errDamaged)
	}
	size := stat.Size() - int64(len(tail)) - length
	text := make([]byte, length)
	if _, err := file.ReadAt(text, size); err != nil {
		return trailer{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	var t trailer
	if err := json.Unmarshal(text, &t); err != nil || t.Size != size {
		return trailer{}, fmt.Errorf("%w: its end is invalid", errDamaged)
	}
	return t, nil
}

// object reads the bytes of an object, without the metadata after them.
type object struct {
	*io.SectionReader
	file *os.File
}

// Close implements [io.Closer].
func (o *object) Close() error { return o.file.Close() }
