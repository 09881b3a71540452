package signedurl

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/partywall-go/partywall/ports"
)

// keptHeaders lists, besides Content-Type, the headers of an upload that are kept and
// sent with each download, as Amazon S3 does.
var keptHeaders = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// maxKept bounds the headers that are kept beside an object's bytes.
const maxKept = 8 << 10

// Object describes an object that a [Store] keeps.
type Object struct {
	ports.ObjectInfo
	ETag    string            // quoted; empty for an object of a version that kept none
	Headers map[string]string // of keptHeaders, by their canonical names
}

// unimplemented lists headers of an upload that Amazon S3 does not implement, or that
// we do not. Ignoring them would not do what the caller asked for.
var unimplemented = []string{"If-Modified-Since", "If-Unmodified-Since", "Content-Range"}

// checkHeaders refuses an upload whose headers cannot be honoured or kept.
func checkHeaders(h http.Header) error {
	for _, name := range unimplemented {
		if len(h[name]) > 0 {
			return unimplementedHeader(name)
		}
	}
	if none := strings.Join(h["If-None-Match"], ","); none != "" && none != "*" || none != "" && len(h["If-Match"]) > 0 {
		return unimplementedHeader("If-None-Match")
	}
	for encoding := range strings.SplitSeq(strings.Join(h["Content-Encoding"], ","), ",") {
		if strings.EqualFold(strings.TrimSpace(encoding), "aws-chunked") {
			return unimplementedHeader("Content-Encoding")
		}
	}
	if len(h["Content-Type"]) > 1 || len(h["Expires"]) > 1 || len(h["Content-Disposition"]) > 1 {
		return errTwice
	}
	size := 0
	for _, name := range append([]string{"Content-Type"}, keptHeaders...) {
		value := strings.Join(h[name], ", ")
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			return errNotASCII
		}
		size += len(value)
	}
	if size > maxKept {
		return errKeptTooMuch
	}
	return nil
}

// kept returns the headers of h that are kept.
func kept(h http.Header) map[string]string {
	var headers map[string]string
	for _, name := range keptHeaders {
		if value := strings.Join(h[name], ", "); value != "" {
			if headers == nil {
				headers = map[string]string{}
			}
			headers[name] = value
		}
	}
	return headers
}

// checkUnsigned refuses, as Amazon S3 does, an x-amz- header that was not signed,
// because each asks for something that the URL does not grant. The URL grants the
// checksum if it contains it; CloudFront adds an ID to every request.
func checkUnsigned(h http.Header, checksum string) error {
	for name, values := range h {
		if !strings.HasPrefix(textproto.CanonicalMIMEHeaderKey(name), "X-Amz-") || name == "X-Amz-Cf-Id" {
			continue
		}
		if name == "X-Amz-Checksum-Sha256" && checksum != "" && only(values) == checksum {
			continue
		}
		return errUnsigned
	}
	return nil
}
