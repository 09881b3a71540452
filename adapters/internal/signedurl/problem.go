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
	errSignature = problem.NewError(problem.CodeURLSignature)
	errExpired   = problem.NewError(problem.CodeURLExpired)
	errMethod    = problem.NewError(problem.CodeMethodNotAllowed).WithMessage("an object is put with PUT, and read with GET")
	errNoLength  = problem.NewError(problem.CodeLengthRequired)
	errSize      = problem.NewError(problem.CodeSizeMismatch)
	errType      = problem.NewError(problem.CodeContentTypeMismatch)
	errChecksum  = problem.NewError(problem.CodeChecksumMismatch)
	errRange     = problem.NewError(problem.CodeRange)
	errTooLarge  = domain.Errorf(domain.TooLarge, "the body is larger than this URL allows; send a smaller file")
	errUnsigned  = problem.NewError(problem.CodeHeaderNotSigned)
	errDigest    = problem.NewError(problem.CodeDigestInvalid)
	errMD5       = problem.NewError(problem.CodeChecksumMismatch).WithMessage("the body does not have the MD5 that Content-MD5 says; send it again")
	errTwice     = problem.NewError(problem.CodeHeaderRepeated)
	errNotASCII  = problem.NewError(problem.CodeHeaderInvalid)
	errStale     = problem.NewError(problem.CodePreconditionFailed)
	errIfAbsent  = problem.NewError(problem.CodeIfNoneMatchRequired)

	// errKeptTooMuch is the error of an upload whose headers are larger than S3 accepts.
	errKeptTooMuch = problem.NewError(problem.CodeHeadersTooLarge).WithMessage("the headers that are kept with a file have at most %d bytes together", maxKept)
)

// unimplementedHeader refuses a header that would be ignored.
func unimplementedHeader(name string) error {
	return problem.NewError(problem.CodeHeaderNotImplemented).WithMessage("uploads do not implement this form of %s; leave it out", name)
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
