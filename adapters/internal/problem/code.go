package problem

import (
	"maps"
	"net/http"
	"slices"

	"github.com/partywall-go/partywall/domain"
)

// The codes of mistakes that only HTTP has. No use case returns them.
const (
	CodeMethodNotAllowed     domain.Code = "method_not_allowed"
	CodeUnsupportedMediaType domain.Code = "unsupported_media_type"
	CodeRequestTimeout       domain.Code = "request_timeout"

	CodeURLSignature         domain.Code = "signature_invalid"      // a URL that is not signed, or was changed
	CodeURLExpired           domain.Code = "url_expired"            // a signed URL after its time
	CodeHeaderNotSigned      domain.Code = "header_not_signed"      // an x-amz- header that the URL was not signed with
	CodeHeaderNotImplemented domain.Code = "header_not_implemented" // an upload's header that would be ignored
	CodeHeaderRepeated       domain.Code = "header_repeated"
	CodeHeaderInvalid        domain.Code = "header_invalid"
	CodeHeadersTooLarge      domain.Code = "headers_too_large"
	CodeIfNoneMatchRequired  domain.Code = "if_none_match_required" // the URL is for a new object
	CodePreconditionFailed   domain.Code = "precondition_failed"    // If-Match or If-None-Match
	CodeLengthRequired       domain.Code = "length_required"
	CodeSizeMismatch         domain.Code = "size_mismatch"
	CodeContentTypeMismatch  domain.Code = "content_type_mismatch"
	CodeChecksumMismatch     domain.Code = "checksum_mismatch"
	CodeDigestInvalid        domain.Code = "digest_invalid" // a malformed Content-MD5
	CodeBodyIncomplete       domain.Code = "body_incomplete"
	CodeRange                domain.Code = "range_not_satisfiable"
)

// definitions has the codes of HTTP alone.
var definitions = map[domain.Code]domain.Definition{
	CodeMethodNotAllowed: {Kind: domain.Invalid,
		Message: "this path does not take the request's method; the Allow header lists those that it takes"},
	CodeUnsupportedMediaType: {Kind: domain.Invalid, FieldVaries: true, Message: "send the body as application/json"},
	CodeRequestTimeout:       {Kind: domain.Invalid, Message: "the body took too long to arrive; send it again"},

	CodeURLSignature:    {Kind: domain.Forbidden, Message: "this URL is not signed, or was changed; ask for a new one"},
	CodeURLExpired:      {Kind: domain.Forbidden, Message: "this URL has expired; ask for a new one"},
	CodeHeaderNotSigned: {Kind: domain.Forbidden, Message: "the request has an x-amz- header that this URL was not signed with; leave it out"},
	CodeHeaderNotImplemented: {Kind: domain.Invalid,
		Message: "uploads do not implement this form of a header; leave it out"},
	CodeHeaderRepeated:      {Kind: domain.Invalid, Message: "send each of Content-Type, Content-Disposition and Expires once"},
	CodeHeaderInvalid:       {Kind: domain.Invalid, Message: "the headers that are kept with a file are printable ASCII"},
	CodeHeadersTooLarge:     {Kind: domain.Invalid, Message: "the headers that are kept with a file are too large; shorten them"},
	CodeIfNoneMatchRequired: {Kind: domain.Invalid, Message: "this URL was signed for a new object; send If-None-Match: *"},
	CodePreconditionFailed: {Kind: domain.Conflict,
		Message: "the object is not the one that the request's condition names; read it again"},
	CodeLengthRequired:      {Kind: domain.Invalid, Message: "send the Content-Length of the upload"},
	CodeSizeMismatch:        {Kind: domain.Invalid, Message: "the body does not have the size that this URL was signed for"},
	CodeContentTypeMismatch: {Kind: domain.Invalid, Message: "the Content-Type is not the one that this URL was signed for"},
	CodeChecksumMismatch:    {Kind: domain.Invalid, Message: "the body does not have the SHA-256 that this URL was signed for"},
	CodeDigestInvalid:       {Kind: domain.Invalid, Message: "Content-MD5 is the base64 of 16 bytes (RFC 1864)"},
	CodeBodyIncomplete:      {Kind: domain.Invalid, Message: "the body ended early; send it again"},
	CodeRange: {Kind: domain.Invalid,
		Message: "the object ends before the Range; Content-Range has its size"},
}

// spellings has the field and the text of a code of the domain, where HTTP names a
// header.
var spellings = map[domain.Code]struct{ field, message string }{
	domain.CodeTenantRequired:      {"X-Tenant-ID", "name a tenant in X-Tenant-ID: only a member of exactly one tenant may leave it out"},
	domain.CodeIdempotencyMismatch: {"Idempotency-Key", "this Idempotency-Key was used for another request; choose another"},
}

// statusesOfCodes has the statuses of codes for which the kind's does not fit.
var statusesOfCodes = map[domain.Code]int{
	domain.CodeObjectStoreFull: http.StatusInsufficientStorage,
	domain.CodeTenantChanged:   http.StatusPreconditionFailed,
	CodeRequestTimeout:         http.StatusRequestTimeout,
	CodeLengthRequired:         http.StatusLengthRequired,
	CodeMethodNotAllowed:       http.StatusMethodNotAllowed,
	CodeUnsupportedMediaType:   http.StatusUnsupportedMediaType,
	CodeHeaderNotImplemented:   http.StatusNotImplemented,
	CodePreconditionFailed:     http.StatusPreconditionFailed,
	CodeRange:                  http.StatusRequestedRangeNotSatisfiable,
}

// NewError returns the usual error of a code that only HTTP has.
func NewError(code domain.Code) *domain.Error { return definitions[code].NewError(code) }

// DefinitionOf returns what all problems of the code have in common. It reports false
// for a code that no caller reads.
func DefinitionOf(code domain.Code) (domain.Definition, bool) {
	if d, found := definitions[code]; found {
		return d, true
	}
	d, found := code.Definition()
	if spelled, differs := spellings[code]; differs {
		d.Field, d.Message = spelled.field, spelled.message
	}
	return d, found
}

// Codes returns the codes that callers read, in alphabetical order, except those of the
// kinds.
func Codes() []domain.Code {
	return slices.Sorted(slices.Values(append(domain.Codes(), slices.Collect(maps.Keys(definitions))...)))
}

// spelled returns what a caller may read of e, in the words of HTTP.
func spelled(e *domain.Error, requestID string) domain.Public {
	public := e.Public()
	if public.Kind == domain.Internal && requestID != "" {
		public.Message = "something went wrong on our side; if it happens again, report the requestId"
	}
	words, differs := spellings[public.Code]
	if !differs {
		return public
	}
	usual, _ := public.Code.Definition()
	if public.Field == usual.Field {
		public.Field = words.field
	}
	if public.Message == usual.Message {
		public.Message = words.message
	}
	return public
}
