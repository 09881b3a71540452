package s3

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/smithy-go"

	"github.com/partywall-go/partywall/adapters/internal/awscalls"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var (
	errAbsent = ports.ErrNoObject

	errIgnoresPrefix = errors.New("a list of objects has keys that do not begin with the requested prefix")
)

// translate is the only place where the SDK's errors become domain errors. The operator
// has to fix what the server refuses: credentials, permissions, the bucket's name or
// region.
func translate(ctx context.Context, err error) error {
	status := statusOf(err)
	ours, isOurs := errors.AsType[*domain.Error](err)
	switch {
	case err == nil:
		return nil
	case isOurs:
		return ours
	case ctx.Err() != nil:
		return ctx.Err()
	case status >= 300 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests:
		return domain.Errorf(domain.Internal, "the object store refused").WithCause(err)
	default:
		return domain.NewError(domain.CodeObjectStoreUnavailable).WithCause(err)
	}
}

// isAbsent reports whether err means that the object does not exist. The answer to
// a HEAD has no body, so it does not distinguish an absent bucket from an absent key.
func isAbsent(err error) bool {
	if statusOf(err) != http.StatusNotFound {
		return false
	}
	refusal, ok := errors.AsType[smithy.APIError](err)
	return !ok || refusal.ErrorCode() != "NoSuchBucket"
}

// isNotImplemented reports whether the server does not have the operation.
func isNotImplemented(err error) bool {
	code := awscalls.Code(err)
	return statusOf(err) == http.StatusNotImplemented || code == "NotImplemented" || code == "MethodNotAllowed"
}

// statusOf returns the HTTP status of err, and 0 if there was no answer.
func statusOf(err error) int {
	type response interface {
		error
		HTTPStatusCode() int
	}
	if r, ok := errors.AsType[response](err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}
