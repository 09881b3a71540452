package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// ObjectStore keeps the bytes of files. Callers receive signed requests and move the
// bytes themselves.
//
// An absent key is a [domain.NotFound] error, except where a method says otherwise. A
// store that cannot be reached is [domain.CodeObjectStoreUnavailable].
type ObjectStore interface {
	// SignUpload signs a PUT to key. The store enforces what upload specifies (size,
	// type, checksum, only-if-absent). What upload leaves open is not signed, and a
	// plain PUT of the URL works, up to upload.MaxSize where the store can enforce that.
	// An upload that is not valid, by [Upload.Validate], is [domain.Invalid].
	//
	// Any other header of a PUT that concerns the object is kept and served
	// (Content-Type, Cache-Control, Content-Disposition, Content-Encoding,
	// Content-Language, Expires), obeyed (If-Match, If-None-Match, Content-MD5) or
	// refused. Every x-amz- header that was not signed is refused. The answer's ETag is
	// that of the object that this PUT created.
	//
	// The URL is valid for upload.TTL, truncated to what the signature can express
	// (whole seconds on S3), but no longer than [MaxSignedLife] or the credentials that
	// sign it.
	SignUpload(ctx context.Context, key domain.ObjectKey, upload Upload) (SignedRequest, error)

	// SignDownload signs a GET of key, which does not permit a HEAD. It does not check
	// that key exists. The URL's life, and what is [domain.Invalid], are as for
	// SignUpload.
	SignDownload(ctx context.Context, key domain.ObjectKey, download Download) (SignedRequest, error)

	// Stat describes the object that the store holds under key.
	Stat(ctx context.Context, key domain.ObjectKey) (ObjectInfo, error)

	// Delete removes key. Deleting an absent key is no error.
	Delete(ctx context.Context, key domain.ObjectKey) error
}

// ObjectInfo describes a stored object.
type ObjectInfo struct {
	Size        int64 // bytes
	ContentType string
	ModifiedAt  time.Time
}

// ErrNoObject is the error of a store that does not have the object.
var ErrNoObject = domain.Errorf(domain.NotFound, "there is no such file")
