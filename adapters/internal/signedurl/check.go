package signedurl

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// CheckUpload refuses, as [domain.Invalid], what no store could sign.
func CheckUpload(key domain.ObjectKey, u ports.Upload) error {
	if u.Size < -1 {
		return domain.Invalidf("size", "a size is 0 bytes or more")
	}
	if u.SHA256 != nil && len(u.SHA256) != sha256.Size {
		return domain.Invalidf("sha256", "a SHA-256 has %d bytes", sha256.Size)
	}
	if !isHeaderValue(u.ContentType) {
		return domain.Invalidf("contentType", "a content type is printable ASCII without space around it")
	}
	return checkKeyAndTTL(key, u.TTL)
}

// CheckDownload refuses, as [domain.Invalid], what no store could sign.
func CheckDownload(key domain.ObjectKey, d ports.Download) error {
	if !isHeaderValue(d.ContentType) {
		return domain.Invalidf("contentType", "a content type is printable ASCII without space around it")
	}
	if !isHeaderValue(d.Disposition) {
		return domain.Invalidf("disposition", "a disposition is printable ASCII without space around it")
	}
	return checkKeyAndTTL(key, d.TTL)
}

func checkKeyAndTTL(key domain.ObjectKey, ttl time.Duration) error {
	if key.IsZero() {
		return domain.Invalidf("filename", "an object has a name")
	}
	if ttl <= 0 {
		return domain.Invalidf("ttl", "a signed URL lives for some time")
	}
	return nil
}

// isHeaderValue is stricter than RFC 9110, section 5.5: no obs-text, no tab. An
// empty value is none.
func isHeaderValue(s string) bool {
	return strings.Trim(s, " ") == s && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
