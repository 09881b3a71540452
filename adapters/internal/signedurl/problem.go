package signedurl

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
)

// The refusals of a request with a signed URL.
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

	// errKeptTooMuch is the error of an upload whose headers are larger than S3 accepts.
	errKeptTooMuch = domain.NewError(domain.CodeHeadersTooLarge).WithMessage("the headers that are kept with a file have at most %d bytes together", maxKept)
)

// unimplementedHeader refuses a header that would be ignored.
func unimplementedHeader(name string) error {
	return domain.NewError(domain.CodeHeaderNotImplemented).WithMessage("uploads do not implement this form of %s; leave it out", name)
}

// statusOf returns the status of the error, as S3 answers it.
func statusOf(e *domain.Error) int {
	if e.Kind == domain.Conflict {
		return http.StatusPreconditionFailed
	}
	return problem.StatusOf(e)
}

// writeProblem answers with the problem document of the error.
func writeProblem(w http.ResponseWriter, err error) {
	e, ok := errors.AsType[*domain.Error](err)
	switch {
	case ok:
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // the server stops, or the client hung up
		e = domain.Errorf(domain.Unavailable, "the transfer was given up; try again").WithRetryAfter(retryAfter).WithCause(err)
	default:
		e = domain.Errorf(domain.Internal, "serving a signed URL failed").WithCause(err)
	}
	problem.Write(w, statusOf(e), w.Header().Get("X-Request-ID"), e)
}

const retryAfter = 5 * time.Second
