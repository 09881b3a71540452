package signedurl

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag is one
	"errors"
	"io"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// OpenContent implements [ports.ObjectContents] for a store.
func OpenContent(ctx context.Context, store Store, key domain.ObjectKey) (ports.ObjectContent, error) {
	body, object, err := store.Open(ctx, key)
	if err != nil {
		return ports.ObjectContent{}, err
	}
	return ports.ObjectContent{Body: body, Size: object.Size, ContentType: object.ContentType, Headers: object.Headers}, nil
}

// PutContent implements [ports.ObjectContents] for a store.
func PutContent(ctx context.Context, store Store, key domain.ObjectKey, content ports.ObjectContent) error {
	exact := &exactReader{from: content.Body, left: content.Size}
	b := &body{from: exact, md5: md5.New()} //nolint:gosec // see above
	err := store.Put(ctx, key, &Upload{ContentType: content.ContentType, Headers: content.Headers, Body: b, body: b})
	if err != nil && exact.err != nil {
		return exact.err
	}
	return err
}

// exactReader fails unless exactly that many bytes are left, and keeps its error.
type exactReader struct {
	from io.Reader
	left int64
	err  error
}

// Read implements [io.Reader].
func (r *exactReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.left -= int64(n)
	switch {
	case r.left < 0, errors.Is(err, io.EOF) && r.left > 0:
		r.err = ports.ErrContentSize
	case err != nil && !errors.Is(err, io.EOF):
		r.err = err
	default:
		return n, err
	}
	return n, r.err
}
