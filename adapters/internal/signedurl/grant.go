package signedurl

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// The parameters of a signed URL. All but the expiry and the signature may be absent.
const (
	paramExpires     = "expires" // Unix time in milliseconds
	paramSize        = "size"    // bytes
	paramType        = "type"
	paramSHA256      = "sha256" // hex
	paramIfAbsent    = "ifAbsent"
	paramMaxSize     = "maxSize" // bytes
	paramDisposition = "disposition"
	paramSignature   = "signature"
)

// grant is what a URL allows until it expires. That of a download has no Upload but its
// ContentType.
type grant struct {
	ports.Upload
	expires     time.Time // by the TTL
	disposition string
}

func (g grant) query() url.Values {
	query := url.Values{paramExpires: {strconv.FormatInt(g.expires.UnixMilli(), 10)}}
	if bytes, given := g.Size.Bytes(); given {
		query.Set(paramSize, strconv.FormatInt(bytes, 10))
	}
	if g.ContentType != "" {
		query.Set(paramType, g.ContentType)
	}
	if g.SHA256 != nil {
		query.Set(paramSHA256, hex.EncodeToString(g.SHA256))
	}
	if g.IfAbsent {
		query.Set(paramIfAbsent, "true")
	}
	if g.MaxSize > 0 {
		query.Set(paramMaxSize, strconv.FormatInt(g.MaxSize, 10))
	}
	if g.disposition != "" {
		query.Set(paramDisposition, g.disposition)
	}
	return query
}

// parseGrant reads what query wrote. It receives signed queries only, so an error
// means a URL of another version.
func parseGrant(query url.Values) (grant, error) {
	g := grant{
		Upload:      ports.Upload{ContentType: query.Get(paramType), IfAbsent: query.Has(paramIfAbsent)},
		disposition: query.Get(paramDisposition),
	}
	expires, err := strconv.ParseInt(query.Get(paramExpires), 10, 64)
	if err != nil {
		return grant{}, errSignature
	}
	g.expires = time.UnixMilli(expires).UTC()
	if query.Has(paramSize) {
		if g.Size, err = parseSize(query.Get(paramSize)); err != nil {
			return grant{}, errSignature
		}
	}
	if query.Has(paramMaxSize) {
		if g.MaxSize, err = strconv.ParseInt(query.Get(paramMaxSize), 10, 64); err != nil {
			return grant{}, errSignature
		}
	}
	if query.Has(paramSHA256) {
		if g.SHA256, err = hex.DecodeString(query.Get(paramSHA256)); err != nil {
			return grant{}, errSignature
		}
	}
	return g, nil
}

func parseSize(s string) (domain.FileSize, error) {
	bytes, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return domain.FileSize{}, err
	}
	return domain.NewFileSize(bytes)
}
