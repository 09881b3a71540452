package strictjson

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// SyntaxError reports that the bytes are not one strict JSON object.
type SyntaxError struct {
	Offset int    // bytes before the fault
	Reason string // such as "a value is missing"
}

// Error returns the reason and the place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s, at byte %d", e.Reason, e.Offset) }

// FieldError names the field of a well-formed object that is at fault.
type FieldError struct {
	Field  string // the names on the way to it, as in responses.NEW_PASSWORD or items.3
	Reason string // continues the field's name, as in "must be a string"
}

// Error returns the field and the reason.
func (e *FieldError) Error() string { return e.Field + " " + e.Reason }

// maxFieldLen keeps the names that callers send from filling answers and logs.
const maxFieldLen = 128

// under puts name in front of the field of err, if it has one.
func under(name string, err error) error {
	field, ok := errors.AsType[*FieldError](err)
	if !ok {
		return err
	}
	path := name
	if field.Field != "" {
		path += "." + field.Field
	}
	return &FieldError{Field: shorten(path), Reason: field.Reason}
}

func shorten(path string) string {
	if len(path) <= maxFieldLen {
		return path
	}
	end := maxFieldLen
	for !utf8.RuneStart(path[end]) {
		end--
	}
	return path[:end] + "…"
}

// wrong is a fault of the value at hand; its name is added by [under].
func wrong(reason string) error { return &FieldError{Reason: reason} }

var errDuplicate = &FieldError{Reason: "is given twice"}
