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
	// a plain PUT of the URL works. The URL lives for upload.TTL, and never longer
	// than the credentials that sign it.
	SignUpload(ctx context.Context, key domain.ObjectKey, upload Upload) (SignedRequest, error)

	// SignDownload signs a GET of key. It doesn't check that key exists. The URL's
	// life is as SignUpload's.
	SignDownload(ctx context.Context, key domain.ObjectKey, download Download) (SignedRequest, error)

	// Stat tells what the store holds under key.
	Stat(ctx context.Context, key domain.ObjectKey) (ObjectInfo, error)

	// Delete removes key. Deleting an absent key is no error.
	Delete(ctx context.Context, key domain.ObjectKey) error
}

// Upload is what is known of an object before it is put.
type Upload struct {
	Size        int64 // bytes; -1 leaves the size open
	ContentType string
	SHA256      []byte // 32 bytes, or nil
	IfAbsent    bool   // refuse to replace an object
	TTL         time.Duration
}

// Download is how an object is to be served.
type Download struct {
	Disposition string // the Content-Disposition of the answer (RFC 6266)
	ContentType string // the Content-Type of the answer; empty: as stored
	TTL         time.Duration
}

// SignedRequest is a request that may be sent once signed, by whoever holds it.
type SignedRequest struct {
	Method    string
	URL       domain.Secret
	Headers   map[string]string // what must be sent along, exactly
	ExpiresAt time.Time
}

// ObjectInfo is what a store knows of an object.
type ObjectInfo struct {
	Size        int64 // bytes
	ContentType string
	ModifiedAt  time.Time
}
