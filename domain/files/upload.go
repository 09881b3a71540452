package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Upload is one file to be put. The fields that are set are signed, and the store
// refuses anything else; the others are left open.
type Upload struct {
	Filename    string // converted to Unicode NFC
	Size        domain.FileSize
	ContentType string // a media type (RFC 9110, section 8.3.1)
	SHA256      string // 64 hex digits
	IfAbsent    bool   // do not replace a file of that name
}

// UploadURL signs a request to put one file into member's tenant. Errors:
// [domain.Forbidden], and [domain.Invalid] on the field that breaks a rule.
func (s *Service) UploadURL(ctx context.Context, member access.Member, upload Upload) (Signed, error) {
	if err := member.Require(domain.WriteFiles); err != nil {
		return Signed{}, err
	}
	key, err := domain.NewObjectKey(member.Tenant(), upload.Filename)
	if err != nil {
		return Signed{}, err
	}
	if err := s.checkSize(upload.Size); err != nil {
		return Signed{}, err
	}
	request, err := upload.request()
	if err != nil {
		return Signed{}, err
	}
	request.TTL = s.ttl()
	if upload.Size.IsOpen() {
		request.MaxSize = s.maxSize()
	}
	if err := request.Validate(); err != nil {
		return Signed{}, err
	}
	signed, err := s.Signer.SignUpload(ctx, key, request)
	if err != nil {
		return Signed{}, err
	}
	return Signed{key, signed}, nil
}

func (s *Service) checkSize(size domain.FileSize) error {
	switch bytes, given := size.Bytes(); {
	case !given && s.RequireSize:
		return domain.Invalidf("size", "give the file's size in bytes")
	case bytes > s.maxSize():
		return domain.Invalidf("size", "a file may have at most %d bytes", s.maxSize())
	}
	return nil
}

const maxContentTypeLen = 255

func (u Upload) request() (ports.Upload, error) {
	request := ports.Upload{Size: u.Size, ContentType: u.ContentType, IfAbsent: u.IfAbsent}
	if u.ContentType != "" && !validContentType(u.ContentType) {
		return request, domain.Invalidf("contentType", "a content type looks like image/png, and has at most %d characters", maxContentTypeLen)
	}
	if u.SHA256 != "" {
		sum, err := hex.DecodeString(u.SHA256)
		if err != nil || len(sum) != sha256.Size {
			return request, domain.Invalidf("sha256", "a SHA-256 has 64 hexadecimal digits")
		}
		request.SHA256 = sum
	}
	return request, nil
}

// validContentType does not check whether a header may contain s:
// [ports.Upload.Validate] does.
func validContentType(s string) bool {
	mediaType, _, err := mime.ParseMediaType(s)
	return err == nil && len(s) <= maxContentTypeLen && strings.Contains(mediaType, "/")
}
