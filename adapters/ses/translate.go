package ses

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/partywall-go/partywall/domain"
)

const (
	throttledFor = 5 * time.Second // a sending rate is counted by the second
	awayFor      = time.Minute     // an outage, or a day's quota
)

// translate is the only place where SES's errors become domain errors.
func translate(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	apiErr, answered := errors.AsType[smithy.APIError](err)
	switch {
	case !answered || brokenDown(err):
		return domain.Errorf(domain.Unavailable, "mail cannot be sent at the moment").WithRetryAfter(awayFor).WithCause(err)
	case throttled(apiErr.ErrorCode()):
		return domain.Errorf(domain.Unavailable, "too much mail is being sent; try again").WithRetryAfter(throttledFor).WithCause(err)
	case apiErr.ErrorCode() == "BadRequestException":
		return domain.Invalidf("to", "mail cannot be sent to this address").WithCause(err)
	default: // not verified, suspended, paused, not allowed: only the account's owner can fix it
		return domain.Errorf(domain.Internal, "the mail was refused").WithCause(err)
	}
}

func throttled(code string) bool {
	_, found := retry.DefaultThrottleErrorCodes[code]
	return found
}

// brokenDown reports whether an answer comes from a server that cannot serve at the
// moment, or from a proxy in front of it that does not implement SES's protocol.
func brokenDown(err error) bool {
	if apiErr, ok := errors.AsType[smithy.APIError](err); ok && apiErr.ErrorCode() == "UnknownError" {
		return true
	}
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && response.HTTPStatusCode() >= http.StatusInternalServerError
}
