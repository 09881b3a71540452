package ports

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// ObjectSigner signs the requests by which callers move the bytes of files themselves.
type ObjectSigner interface {
	// SignUpload signs a PUT to key. The store enforces what upload specifies (size,
	// type, checksum, only-if-absent). What upload leaves open is not signed, and a
	// plain PUT of the URL works, up to upload.MaxSize where the store can enforce that.
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
	// that key exists. The URL's life is as for SignUpload.
	SignDownload(ctx context.Context, key domain.ObjectKey, download Download) (SignedRequest, error)
}
