package signedurl

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"io"

	"github.com/partywall-go/partywall/domain"
)

// body is the body of an upload. It ends in an error of ours, never in io.EOF,
// where it breaks off or isn't what was signed.
type body struct {
	from io.Reader
	want []byte    // the SHA-256, or nil
	hash hash.Hash // of what was read, where want is set
}

func newBody(from io.Reader, want []byte) *body {
	b := &body{from: from, want: want}
	if want != nil {
		b.hash = sha256.New()
	}
	return b
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.hash != nil {
		b.hash.Write(p[:n])
	}
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF:
		return n, &domain.Error{Kind: domain.Invalid, Code: "body_incomplete", Message: "the body broke off", Err: err}
	case b.hash != nil && !bytes.Equal(b.hash.Sum(nil), b.want):
		return n, errChecksum
	}
	return n, io.EOF
}
