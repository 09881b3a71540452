package ports

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// MaxSignedLife is the longest life of a [SignedRequest], whatever its TTL.
const MaxSignedLife = 15 * time.Minute

// MaxUploadSize is the most bytes that one upload may have: the limit of one PUT to S3
// (Amazon S3 User Guide, "Uploading objects").
const MaxUploadSize = 5 << 30

// SignedRequest is a request that any holder may send until it expires.
type SignedRequest struct {
	Method    string
	URL       domain.Secret
	Headers   map[string]string // to be sent exactly as they are
	ExpiresAt time.Time
}

// Upload describes an object before it is put.
type Upload struct {
	Size        domain.FileSize
	MaxSize     int64         // bytes, where Size is open; 0 leaves it to the store. S3 cannot enforce it
	ContentType string        // empty leaves the type open
	SHA256      []byte        // 32 bytes, or nil
	IfAbsent    bool          // refuse to replace an object
	TTL         time.Duration // more than 0
}

// Validate returns a [domain.Invalid] error for an upload that no store could sign.
func (u Upload) Validate() error {
	switch {
	case u.MaxSize < 0:
		return domain.Invalidf("maxSize", "a largest size is 0 bytes or more")
	case u.SHA256 != nil && len(u.SHA256) != sha256.Size:
		return domain.Invalidf("sha256", "a SHA-256 has %d bytes", sha256.Size)
	}
	return validateSigned(u.ContentType, u.TTL)
}

// Download describes how an object is served.
type Download struct {
	Disposition string        // the Content-Disposition of the answer (RFC 6266); empty: none
	ContentType string        // the Content-Type of the answer; empty: as stored
	TTL         time.Duration // more than 0
}

// Validate returns a [domain.Invalid] error for a download that no store could sign.
func (d Download) Validate() error {
	if !isHeaderValue(d.Disposition) {
		return domain.Invalidf("disposition", "a disposition is printable ASCII without space around it")
	}
	return validateSigned(d.ContentType, d.TTL)
}

func validateSigned(contentType string, ttl time.Duration) error {
	switch {
	case !isHeaderValue(contentType):
		return domain.Invalidf("contentType", "a content type is printable ASCII without space around it")
	case ttl <= 0:
		return domain.Invalidf("ttl", "a signed URL lives for some time")
	}
	return nil
}

// isHeaderValue is stricter than RFC 9110, section 5.5: it accepts no obs-text and no
// tab. It accepts the empty value.
func isHeaderValue(s string) bool {
	return strings.Trim(s, " ") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
