package files

import (
	"context"
	"path"
	"strings"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/ports"
)

// Disposition is what a browser does with a download (RFC 6266).
type Disposition string

// The dispositions. The zero Disposition is Attachment.
const (
	Attachment Disposition = "attachment"
	Inline     Disposition = "inline" // show it; for harmless types only
)

// DownloadURL signs a request for one file of member's tenant. It does not check that
// the file exists. Errors: [domain.Forbidden], and [domain.Invalid] on field
// "filename" or "disposition".
func (s *Service) DownloadURL(ctx context.Context, member access.Member, filename string, disposition Disposition) (Signed, error) {
	if err := member.Require(domain.ReadFiles); err != nil {
		return Signed{}, err
	}
	key, err := domain.NewObjectKey(member.Tenant(), filename)
	if err != nil {
		return Signed{}, err
	}
	download := ports.Download{TTL: s.ttl()}
	switch disposition {
	case Attachment, "":
		download.Disposition = contentDisposition(Attachment, key)
	case Inline:
		harmless, ok := harmlessTypes[strings.ToLower(path.Ext(key.Base()))]
		if !ok {
			return Signed{}, domain.Invalidf("disposition", "only images, sound, film and plain text are shown inline; leave disposition out to download the file")
		}
		download.Disposition, download.ContentType = contentDisposition(Inline, key), harmless
	default:
		return Signed{}, domain.Invalidf("disposition", "disposition is attachment or inline")
	}
	if err := download.Validate(); err != nil {
		return Signed{}, err
	}
	signed, err := s.Signer.SignDownload(ctx, key, download)
	if err != nil {
		return Signed{}, err
	}
	return Signed{key, signed}, nil
}

// harmlessTypes are the types that a browser may show, because they cannot run a
// script. The answer has the type of this table, whatever type the file was uploaded
// with.
var harmlessTypes = map[string]string{
	".avif": "image/avif",
	".gif":  "image/gif",
	".jpeg": "image/jpeg",
	".jpg":  "image/jpeg",
	".png":  "image/png",
	".webp": "image/webp",
	".m4a":  "audio/mp4",
	".mp3":  "audio/mpeg",
	".ogg":  "audio/ogg",
	".wav":  "audio/wav",
	".mp4":  "video/mp4",
	".webm": "video/webm",
	".txt":  "text/plain; charset=utf-8",
}
