package signedurl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/partywall-go/partywall/domain"
)

// The refusals of a request that holds a URL.
var (
	errSignature = domain.NewError(domain.CodeURLSignature)
	errExpired   = domain.NewError(domain.CodeURLExpired)
	errMethod    = domain.NewError(domain.CodeMethodNotAllowed).WithMessage("an object is put with PUT, and read with GET")
	errNoLength  = domain.NewError(domain.CodeLengthRequired)
	errSize      = domain.NewError(domain.CodeSizeMismatch)
	errType      = domain.NewError(domain.CodeContentTypeMismatch)
	errChecksum  = domain.NewError(domain.CodeChecksumMismatch)
	errRange     = domain.NewError(domain.CodeRange)
	errTooLarge  = domain.Errorf(domain.TooLarge, "the body is larger than this URL allows; send a smaller file")
	errUnsigned  = domain.NewError(domain.CodeHeaderNotSigned)
	errDigest    = domain.NewError(domain.CodeDigestInvalid)
	errMD5       = domain.NewError(domain.CodeChecksumMismatch).WithMessage("the body does not have the MD5 that Content-MD5 says; send it again")
	errTwice     = domain.NewError(domain.CodeHeaderRepeated)
	errNotASCII  = domain.NewError(domain.CodeHeaderInvalid)
	errStale     = domain.NewError(domain.CodePreconditionFailed)
	errIfAbsent  = domain.NewError(domain.CodeIfNoneMatchRequired)

	// errKeptTooMuch is an upload whose headers are larger than S3 keeps them.
	errKeptTooMuch = domain.NewError(domain.CodeHeadersTooLarge).WithMessage("the headers that are kept with a file have at most %d bytes together", maxKept)
)

// unimplementedHeader refuses a header that would be ignored.
func unimplementedHeader(name string) error {
	return domain.NewError(domain.CodeHeaderNotImplemented).WithMessage("uploads do not implement this form of %s; leave it out", name)
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
	if d, defined := domain.CodeOf(err).Definition(); defined && d.Status != 0 {
		return d.Status
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) { // the server stops, or the client hung up
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
		e = domain.Errorf(domain.Internal, "serving a signed URL failed").WithCause(err)
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
