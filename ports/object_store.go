package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// ObjectStore keeps the bytes of files. Callers get signed requests and move the
// bytes themselves.
//
// An absent key is a [domain.NotFound] error, except where a method says
// otherwise. A store that can't be reached is [domain.CodeObjectStoreUnavailable].
type ObjectStore interface {
	// SignUpload signs a PUT to key. What upload gives (size, type, checksum,
	// only-if-absent) the store insists on; what it doesn't give isn't signed, and
	// a plain PUT of the URL works, up to upload.MaxSize where the store can
	// insist on that. An upload that isn't valid, by [Upload.Validate], is
	// [domain.Invalid].
	//
	// What a PUT sends besides, the store keeps and serves (Content-Type,
	// Cache-Control, Content-Disposition, Content-Encoding, Content-Language,
	// Expires), obeys (If-Match, If-None-Match, Content-MD5), or refuses; it refuses
	// every x-amz- header that wasn't signed. The answer's ETag is that of the
	// object that this PUT made.
	//
	// The URL lives for upload.TTL, cut to what the signature can tell (whole
	// seconds on S3), but no longer than [MaxSignedLife] or the credentials that
	// sign it.
	SignUpload(ctx context.Context, key domain.ObjectKey, upload Upload) (SignedRequest, error)

	// SignDownload signs a GET of key, which is no HEAD. It doesn't check that key exists. The URL's
	// life, and what is [domain.Invalid], are as SignUpload says.
	SignDownload(ctx context.Context, key domain.ObjectKey, download Download) (SignedRequest, error)

	// Stat tells what the store holds under key.
	Stat(ctx context.Context, key domain.ObjectKey) (ObjectInfo, error)

	// Delete removes key. Deleting an absent key is no error.
	Delete(ctx context.Context, key domain.ObjectKey) error
}

// ObjectInfo is what a store knows of an object.
type ObjectInfo struct {
	Size        int64 // bytes
	ContentType string
	ModifiedAt  time.Time
}

// ErrNoObject is the error of a store that does not have the object.
var ErrNoObject = domain.Errorf(domain.NotFound, "there is no such file")
