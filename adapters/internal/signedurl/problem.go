package signedurl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"syscall"

	"github.com/partywall-go/partywall/domain"
)

// The refusals that HTTP has a status of its own for.
const (
	codeLengthRequired   domain.Code = "length_required"
	codeMethodNotAllowed domain.Code = "method_not_allowed"
	codeNoSuchRange      domain.Code = "range_not_satisfiable"
	codeNotImplemented   domain.Code = "header_not_implemented"
)

// The refusals of a request that holds a URL.
var (
	errSignature = &domain.Error{Kind: domain.Forbidden, Code: "signature_invalid", Message: "this URL isn't signed, or was changed: ask for a new one"}
	errExpired   = &domain.Error{Kind: domain.Forbidden, Code: "url_expired", Message: "this URL has expired: ask for a new one"}
	errMethod    = &domain.Error{Kind: domain.Invalid, Code: codeMethodNotAllowed, Message: "an object is put with PUT, and read with GET"}
	errNoLength  = &domain.Error{Kind: domain.Invalid, Code: codeLengthRequired, Message: "an upload tells its Content-Length"}
	errSize      = &domain.Error{Kind: domain.Invalid, Code: "size_mismatch", Message: "the body hasn't the size that this URL was signed for"}
	errType      = &domain.Error{Kind: domain.Invalid, Code: "content_type_mismatch", Message: "the Content-Type isn't the one that this URL was signed for"}
	errChecksum  = &domain.Error{Kind: domain.Invalid, Code: "checksum_mismatch", Message: "the body hasn't the SHA-256 that this URL was signed for"}
	errRange     = &domain.Error{Kind: domain.Invalid, Code: codeNoSuchRange, Message: "the object ends before the Range; Content-Range tells its size"}
	errTooLarge  = &domain.Error{Kind: domain.TooLarge, Message: "the body is larger than this URL allows: send a smaller file"}
	errUnsigned  = &domain.Error{Kind: domain.Forbidden, Code: "header_not_signed", Message: "the request has an x-amz- header that this URL wasn't signed with: leave it out"}
	errDigest    = &domain.Error{Kind: domain.Invalid, Code: "digest_invalid", Message: "Content-MD5 is the base64 of 16 bytes (RFC 1864)"}
	errMD5       = &domain.Error{Kind: domain.Invalid, Code: "checksum_mismatch", Message: "the body hasn't the MD5 that Content-MD5 says: send it again"}
	errTwice     = &domain.Error{Kind: domain.Invalid, Code: "header_repeated", Message: "Content-Type, Content-Disposition and Expires are sent once"}
	errNotASCII  = &domain.Error{Kind: domain.Invalid, Code: "header_invalid", Message: "the headers that are kept with a file are printable ASCII"}
	errStale     = &domain.Error{Kind: domain.Conflict, Code: "precondition_failed", Message: "the object isn't the one that the request's condition names: read it again"}
	errIfAbsent  = &domain.Error{Kind: domain.Invalid, Code: "if_none_match_required", Message: "this URL was signed for a new object: send If-None-Match: *"}
)

// errKeptTooMuch is an upload whose headers are larger than S3 keeps them.
var errKeptTooMuch = &domain.Error{Kind: domain.Invalid, Code: "headers_too_large", Message: fmt.Sprintf("the headers that are kept with a file have at most %d bytes together", maxKept)}

// unimplementedHeader refuses a header that would be ignored.
func unimplementedHeader(name string) error {
	return &domain.Error{Kind: domain.Invalid, Code: codeNotImplemented, Message: "uploads don't implement this form of " + name + ": leave it out"}
}

// statuses are S3's for the same refusals.
var statuses = map[domain.Kind]int{
	domain.Invalid:     http.StatusBadRequest,
	domain.Forbidden:   http.StatusForbidden,
	domain.NotFound:    http.StatusNotFound,
	domain.Conflict:    http.StatusPreconditionFailed,
	domain.TooLarge:    http.StatusRequestEntityTooLarge,
	domain.Unavailable: http.StatusServiceUnavailable,
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, codeLengthRequired):
		return http.StatusLengthRequired
	case errors.Is(err, codeNotImplemented):
		return http.StatusNotImplemented
	case errors.Is(err, codeMethodNotAllowed):
		return http.StatusMethodNotAllowed
	case errors.Is(err, codeNoSuchRange):
		return http.StatusRequestedRangeNotSatisfiable
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return http.StatusInsufficientStorage
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // the server stops, or nobody listens
		return http.StatusServiceUnavailable
	}
	if status, known := statuses[domain.KindOf(err)]; known {
		return status
	}
	return http.StatusInternalServerError
}

// writeProblem answers with a problem document (RFC 9457), in the form that the
// rest of the API gives it.
func writeProblem(w http.ResponseWriter, err error) {
	status := statusOf(err)
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		e = &domain.Error{Err: err}
	}
	public := e.Public()
	body, _ := json.Marshal(struct { // of strings and an int: it can't fail
		Type      string      `json:"type"`
		Title     string      `json:"title"`
		Status    int         `json:"status"`
		Detail    string      `json:"detail"`
		Code      domain.Code `json:"code"`
		Message   string      `json:"message"`
		RequestID string      `json:"requestId,omitempty"`
	}{"about:blank", http.StatusText(status), status, public.Message, public.Code, public.Message, w.Header().Get("X-Request-ID")})
	w.Header().Set("Content-Type", "application/problem+json")
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
