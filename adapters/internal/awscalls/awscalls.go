// Package awscalls reads the errors of calls to AWS, whatever the service.
package awscalls

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Response returns the header and the status of the answer that err came with, and
// false if there was none.
func Response(err error) (header http.Header, status int, answered bool) {
	answer, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok || answer.HTTPStatusCode() == 0 { // the SDK has an answer to each request that it sent
		return nil, 0, false
	}
	return answer.Response.Header, answer.HTTPStatusCode(), true
}

// Code returns the service's name of the error, and "" if it has none.
func Code(err error) string {
	if apiErr, ok := errors.AsType[smithy.APIError](err); ok {
		return apiErr.ErrorCode()
	}
	return ""
}

// Denied reports whether the credentials are valid, but do not allow the action.
func Denied(err error) bool {
	return slices.Contains([]string{"AccessDeniedException", "AccessDenied", "Forbidden", "UnauthorizedOperation"}, Code(err)) && noneOf(err) == nil
}

// OneLine returns err's text, without its line breaks.
func OneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
