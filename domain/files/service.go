// Package files has the use cases of a tenant's files: it signs uploads and
// downloads, and the caller moves the bytes; it lists and deletes files.
package files

import (
	"cmp"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Service signs requests for members' files, and lists and deletes them.
//
// Besides the errors that its methods name, a store that cannot be reached is
// [domain.CodeObjectStoreUnavailable].
type Service struct {
	Signer      ports.ObjectSigner
	Store       ports.ObjectStore
	MaxSize     int64         // bytes, of an upload; zero is [ports.MaxUploadSize]. S3 cannot enforce it for an upload without a size
	RequireSize bool          // refuse uploads without a size
	TTL         time.Duration // of a signed URL; zero is [MaxTTL]
}

// MaxTTL is the longest life of a signed URL.
const MaxTTL = ports.MaxSignedLife

func (s *Service) maxSize() int64 { return cmp.Or(s.MaxSize, ports.MaxUploadSize) }

func (s *Service) ttl() time.Duration {
	if s.TTL <= 0 || s.TTL > MaxTTL {
		return MaxTTL
	}
	return s.TTL
}

// Signed is a signed request for one file, for the caller to send.
type Signed struct {
	Key     domain.ObjectKey
	Request ports.SignedRequest
}
