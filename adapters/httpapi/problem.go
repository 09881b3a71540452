package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/domain"
)

// statuses has the status of each kind. A code whose definition has a status of its own
// gets that one.
var statuses = map[domain.Kind]int{
	domain.Internal:        http.StatusInternalServerError,
	domain.Invalid:         http.StatusBadRequest,
	domain.Unauthenticated: http.StatusUnauthorized,
	domain.Forbidden:       http.StatusForbidden,
	domain.NotFound:        http.StatusNotFound,
	domain.Conflict:        http.StatusConflict,
	domain.TooLarge:        http.StatusRequestEntityTooLarge,
	domain.Unprocessable:   http.StatusUnprocessableEntity,
	domain.Limited:         http.StatusTooManyRequests,
	domain.Unavailable:     http.StatusServiceUnavailable,
}

// statusClientGone is what the log shows for a caller who didn't wait for the
// answer. The number is nginx's; nobody is there to read it.
const statusClientGone = 499

// problem is a problem document (RFC 9457). Its type is always about:blank:
// Code is what tells problems apart.
type problem struct {
	Type      string            `json:"type"`
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`
	Code      domain.Code       `json:"code"`
	Message   string            `json:"message"` // Detail again, for clients of the first version
	Field     string            `json:"field,omitempty"`
	RequestID string            `json:"requestId"`
	Details   map[string]string `json:"details,omitempty"`
}

// fail answers with the problem that err is.
func (s *server) fail(x *exchange, err error) {
	if clientGone(x.Request().Context(), err) {
		x.Response().Status = statusClientGone
		if !x.Response().Committed {
			x.Response().WriteHeader(statusClientGone)
		}
		return
	}
	e := refusal(x.Request().Context(), err)
	x.answered(e, err)
	if !x.Response().Committed {
		writeProblem(x.Response(), x.requestID, e)
	}
}

// writeProblem answers with the problem document that e is to a caller.
func writeProblem(w http.ResponseWriter, requestID string, e *domain.Error) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	if e.Kind == domain.Limited || e.Kind == domain.Unavailable {
		retryAfter(header, e.RetryAfter)
	}
	status, public := statusOf(e), e.Public()
	_ = write(w, status, "application/problem+json", problem{ // of strings and a number: it can be encoded
		Type:      "about:blank",
		Title:     http.StatusText(status),
		Status:    status,
		Detail:    public.Message,
		Code:      public.Code,
		Message:   public.Message,
		Field:     public.Field,
		RequestID: requestID,
		Details:   public.Details,
	})
}

func clientGone(ctx context.Context, err error) bool {
	return errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), context.Canceled)
}

// refusal is the one place where whatever a handler returned becomes a [domain.Error].
func refusal(ctx context.Context, err error) *domain.Error {
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok { // the router's
		return routingError(e)
	}
	switch {
	case errors.Is(context.Cause(ctx), errStopping):
		return domain.Errorf(domain.Unavailable, "the server is stopping; try again").WithCause(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return domain.Errorf(domain.Unavailable, "this took too long and was given up; try again").WithCause(err)
	}
	return domain.Errorf(domain.Internal, "the request failed").WithCause(err)
}

func routingError(e *echo.HTTPError) *domain.Error {
	switch e.Code {
	case http.StatusNotFound:
		return domain.Errorf(domain.NotFound, "there is nothing at this path")
	case http.StatusMethodNotAllowed:
		return domain.NewError(domain.CodeMethodNotAllowed)
	}
	return domain.Errorf(domain.Internal, "the router failed").WithCause(e)
}

func statusOf(e *domain.Error) int {
	if d, defined := e.Code.Definition(); defined && d.Status != 0 {
		return d.Status
	}
	if status, found := statuses[e.Kind]; found {
		return status
	}
	return http.StatusInternalServerError
}
