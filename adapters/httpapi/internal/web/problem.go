package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
)

// statusClientGone is what the log shows for a caller that hung up before the answer.
// The number is nginx's; no client reads it.
const statusClientGone = 499

// fail answers with the problem of err.
func (k *Kernel) fail(x *exchange, err error) {
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

// writeProblem answers with the problem document of e.
func writeProblem(w http.ResponseWriter, requestID string, e *domain.Error) {
	problem.Write(w, problem.StatusOf(e), requestID, e)
}

func clientGone(ctx context.Context, err error) bool {
	return errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), context.Canceled)
}

// refusal is the only place that turns the error of a handler into a [domain.Error].
func refusal(ctx context.Context, err error) *domain.Error {
	if e, ok := errors.AsType[*domain.Error](err); ok && e != nil {
		return e
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok { // the router's
		return routingError(e)
	}
	switch {
	case errors.Is(context.Cause(ctx), ErrStopping):
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
		return problem.NewError(problem.CodeMethodNotAllowed)
	}
	return domain.Errorf(domain.Internal, "the router failed").WithCause(e)
}

// OnField returns err with the field to, if it is on the field from: the domain's name
// of what the request has in a header.
func OnField(err error, from, to string) error {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Field == from {
		return e.WithField(to)
	}
	return err
}
