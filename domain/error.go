package domain

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller can do about an error. A Kind is an error itself, so
// that errors.Is(err, domain.NotFound) asks for the kind of any [Error].
type Kind int

// The kinds of error. The zero Kind is Internal, so an error that was not classified
// counts as our mistake.
const (
	Internal        Kind = iota // our mistake; the caller can only report it
	Invalid                     // the request breaks a rule; correct Field and send it again
	Unauthenticated             // sign in, or sign in again
	Forbidden                   // signed in, but not allowed
	NotFound                    // there is no such thing, or none that the caller may see
	Conflict                    // the request collides with what exists
	TooLarge                    // send less
	Unprocessable               // well formed, but refused by a policy that the message names
	Limited                     // wait for RetryAfter, then send it again
	Unavailable                 // a system that we depend on cannot be used; wait for RetryAfter
)

var kindCodes = [...]Code{
	Internal:        "internal",
	Invalid:         "invalid",
	Unauthenticated: "unauthenticated",
	Forbidden:       "forbidden",
	NotFound:        "not_found",
	Conflict:        "conflict",
	TooLarge:        "too_large",
	Unprocessable:   "unprocessable",
	Limited:         "rate_limited",
	Unavailable:     "unavailable",
}

// Error returns the kind's name, which is also the code of an [Error] that has none of its own.
func (k Kind) Error() string { return string(k.code()) }

func (k Kind) code() Code {
	if k < 0 || int(k) >= len(kindCodes) {
		return kindCodes[Internal]
	}
	return kindCodes[k]
}

// Error is the one error that leaves a use case or an adapter, cancellation
// aside: that stays [context.Canceled] or [context.DeadlineExceeded]. A caller
// reads only what [Error.Public] returns.
//
// An error that is a nil *Error, which a function of the result type *Error returns by
// mistake, is [Internal], and can be read as any other.
type Error struct {
	Kind       Kind
	Code       Code              // stable name in snake_case; empty: the kind's own
	Field      string            // the request's field at fault
	Message    string            // what is wrong and what to do: for the caller, or for the operator if Kind is Internal
	RetryAfter time.Duration     // when to try again, for Limited and Unavailable
	Details    map[string]string // more for the reader of Message, by name
	Err        error             // for the operator: the cause. Never shown to the caller
}

// Error describes the error to an operator, cause included.
func (e *Error) Error() string {
	if e == nil {
		return "internal: a nil *domain.Error was returned as an error"
	}
	s := string(CodeOf(e))
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Is reports whether target is the error's [Kind] or its [Code].
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return KindOf(e) == t
	case Code:
		return CodeOf(e) == t
	}
	return false
}

// NewError returns the usual error of a code: its kind, field, message and RetryAfter.
// A code without a [Definition] gives an [Internal] error of that code.
func NewError(code Code) *Error {
	return definitions[code].NewError(code)
}

// Errorf returns an error of the kind, without a code of its own.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Invalidf returns an [Invalid] error on field.
func Invalidf(field, format string, args ...any) *Error {
	return Errorf(Invalid, format, args...).WithField(field)
}

// Limitedf returns a [Limited] error that asks the caller to wait, at least a second.
func Limitedf(wait time.Duration, format string, args ...any) *Error {
	return Errorf(Limited, format, args...).WithRetryAfter(max(wait, time.Second))
}

// WithCause returns a copy of the error whose cause is err.
func (e *Error) WithCause(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// WithCode returns a copy of the error with the code.
func (e *Error) WithCode(code Code) *Error {
	c := *e
	c.Code = code
	return &c
}

// WithField returns a copy of the error on field.
func (e *Error) WithField(field string) *Error {
	c := *e
	c.Field = field
	return &c
}

// WithMessage returns a copy of the error with another message.
func (e *Error) WithMessage(format string, args ...any) *Error {
	c := *e
	c.Message = fmt.Sprintf(format, args...)
	return &c
}

// WithRetryAfter returns a copy of the error that asks the caller to wait.
func (e *Error) WithRetryAfter(wait time.Duration) *Error {
	c := *e
	c.RetryAfter = wait
	return &c
}

// KindOf returns the kind of the first [Error] in err's chain, and [Internal] where
// there is none. It is the kind that the caller reads; errors.Is finds those of
// its causes too.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the code of the first [Error] in err's chain: its own, or else its kind's.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok && e != nil && e.Code != "" {
		return e.Code
	}
	return KindOf(err).code()
}
