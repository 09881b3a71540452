package domain

// Public is what a caller may read of an error. [Error.Public] alone builds one,
// so that an answer made of a Public shows nothing that was written for the
// operator.
type Public struct {
	Kind    Kind
	Code    Code
	Field   string
	Message string // never empty
	Details map[string]string
}

// messages are what a caller reads where an error has no Message of its own.
var messages = map[Kind]string{
	Internal:        "something went wrong on our side; if it happens again, report it",
	Invalid:         "the request breaks a rule",
	Unauthenticated: "sign in",
	Forbidden:       "this is not allowed",
	NotFound:        "there is no such thing",
	Conflict:        "the request collides with what exists",
	TooLarge:        "the request is too large",
	Unprocessable:   "the request is refused",
	Limited:         "there are too many requests; try again later",
	Unavailable:     "a system that is needed cannot be reached now; try again",
}

// Public returns the part of the error that a caller may read. Of an [Internal]
// error, and of one whose kind is unknown, it is one and the same text: its Code,
// Field, Message and Details are for the operator, who reads them in the log.
func (e *Error) Public() Public {
	if _, known := messages[e.Kind]; !known || e.Kind == Internal {
		return Public{Kind: Internal, Code: Internal.code(), Message: messages[Internal]}
	}
	p := Public{Kind: e.Kind, Code: CodeOf(e), Field: e.Field, Message: e.Message, Details: e.Details}
	if p.Message == "" {
		p.Message = messages[e.Kind]
	}
	return p
}
