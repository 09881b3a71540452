package signedurl

import (
	"bytes"
	"crypto/md5" //nolint:gosec // S3's ETag is one, and so is Content-MD5; nothing is trusted for it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io"
	"net/http"

	"github.com/partywall-go/partywall/adapters/internal/problem"
)

// body is the body of an upload. It ends in an error of ours, and not in io.EOF, if
// it breaks off or differs from what was signed or announced.
type body struct {
	from    io.Reader
	md5     hash.Hash // of what was read
	wantMD5 []byte    // of Content-MD5, or nil
	sha256  hash.Hash // of what was read, where wantSHA256 is set
	want    []byte    // the SHA-256, or nil
}

// newBody returns a body that must have the signed SHA-256 and the properties that h
// announces.
func newBody(from io.Reader, h http.Header, want []byte) (*body, error) {
	b := &body{from: from, md5: md5.New(), want: want} //nolint:gosec // see above
	if want != nil {
		b.sha256 = sha256.New()
	}
	if len(h["Content-Md5"]) > 0 {
		sum, err := base64.StdEncoding.DecodeString(only(h["Content-Md5"]))
		if err != nil || len(sum) != md5.Size {
			return nil, errDigest
		}
		b.wantMD5 = sum
	}
	return b, nil
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.md5.Write(p[:n])
	if b.sha256 != nil {
		b.sha256.Write(p[:n])
	}
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF:
		return n, problem.NewError(problem.CodeBodyIncomplete).WithCause(err)
	case b.sha256 != nil && !bytes.Equal(b.sha256.Sum(nil), b.want):
		return n, errChecksum
	case b.wantMD5 != nil && !bytes.Equal(b.md5.Sum(nil), b.wantMD5):
		return n, errMD5
	}
	return n, io.EOF
}

// etag returns S3's ETag of what was read: its MD5.
func (b *body) etag() string { return `"` + hex.EncodeToString(b.md5.Sum(nil)) + `"` }
