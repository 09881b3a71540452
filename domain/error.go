package domain

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller can do about an error. A Kind is an error itself, so
// that errors.Is(err, domain.NotFound) asks for the kind of any [Error].
type Kind int

// The kinds of error. The zero Kind is Internal: what nobody classified is ours.
const (
	Internal        Kind = iota // our mistake; the caller can only report it
	Invalid                     // the request breaks a rule; mend Field and send it again
	Unauthenticated             // sign in, or sign in again
	Forbidden                   // signed in, but not allowed
	NotFound                    // there is no such thing, or none that the caller may see
	Conflict                    // the request collides with what exists
	TooLarge                    // send less
	Unprocessable               // well formed, but refused by a policy that the message names
	Limited                     // wait for RetryAfter, then send it again
	Unavailable                 // something we depend on is away; wait for RetryAfter
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
type Error struct {
	Kind       Kind
	Code       Code              // stable name in snake_case; empty: the kind's own
	Field      string            // the request's field at fault, as the API spells it
	Message    string            // what is wrong and what to do: for the caller, or for the operator if Kind is Internal
	RetryAfter time.Duration     // when to try again, for Limited and Unavailable
	Details    map[string]string // more for the reader of Message, by name
	Err        error             // for the operator: the cause. Never shown to the caller
}

// Error describes the error to an operator, cause included.
func (e *Error) Error() string {
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
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's [Kind] or its [Code].
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return e.Kind == t
	case Code:
		return CodeOf(e) == t
	}
	return false
}

// Invalidf returns an [Invalid] error on field.
func Invalidf(field, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of the first [Error] in err's chain, and [Internal] where
// there is none. It is the kind that the caller is told; errors.Is finds those of
// its causes too.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the code of the first [Error] in err's chain: its own, or else its kind's.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok && e.Code != "" {
		return e.Code
	}
	return KindOf(err).code()
}

// Limitedf returns a [Limited] error that asks to wait so long.
func Limitedf(wait time.Duration, format string, args ...any) *Error {
	return &Error{Kind: Limited, RetryAfter: max(wait, time.Second), Message: fmt.Sprintf(format, args...)}
}
