package signedurl

import (
	"encoding/hex"
	"net/url"
	"strconv"
	"time"
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

// grant is what a URL allows until it expires.
type grant struct {
	expires     time.Time
	size        int64 // bytes; -1: any
	contentType string
	sha256      []byte
	ifAbsent    bool
	maxSize     int64 // bytes; 0: as many as any upload may have
	disposition string
}

func (g grant) query() url.Values {
	query := url.Values{paramExpires: {strconv.FormatInt(g.expires.UnixMilli(), 10)}}
	if g.size >= 0 {
		query.Set(paramSize, strconv.FormatInt(g.size, 10))
	}
	if g.contentType != "" {
		query.Set(paramType, g.contentType)
	}
	if g.sha256 != nil {
		query.Set(paramSHA256, hex.EncodeToString(g.sha256))
	}
	if g.ifAbsent {
		query.Set(paramIfAbsent, "true")
	}
	if g.maxSize > 0 {
		query.Set(paramMaxSize, strconv.FormatInt(g.maxSize, 10))
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
		size:        -1,
		contentType: query.Get(paramType),
		ifAbsent:    query.Has(paramIfAbsent),
		disposition: query.Get(paramDisposition),
	}
	expires, err := strconv.ParseInt(query.Get(paramExpires), 10, 64)
	if err != nil {
		return grant{}, errSignature
	}
	g.expires = time.UnixMilli(expires).UTC()
	if query.Has(paramSize) {
		if g.size, err = strconv.ParseInt(query.Get(paramSize), 10, 64); err != nil {
			return grant{}, errSignature
		}
	}
	if query.Has(paramMaxSize) {
		if g.maxSize, err = strconv.ParseInt(query.Get(paramMaxSize), 10, 64); err != nil {
			return grant{}, errSignature
		}
	}
	if query.Has(paramSHA256) {
		if g.sha256, err = hex.DecodeString(query.Get(paramSHA256)); err != nil {
			return grant{}, errSignature
		}
	}
	return g, nil
}
