package pg

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/lib/pq"

	"github.com/partywall-go/partywall/domain"
)

// Complaint returns what the server says, hint included, in one line of visible text.
func Complaint(err error) string {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return visible(err.Error())
	}
	parts := []string{e.Error()}
	for _, more := range []string{e.Detail, e.Hint} {
		if more != "" {
			parts = append(parts, "("+more+")")
		}
	}
	return visible(strings.Join(parts, " "))
}

// visible makes one line of text, with a name for each character that a reader
// can't see, such as a no-break space that the server takes for a letter.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteByte(' ')
		case r != ' ' && (unicode.IsSpace(r) || !unicode.IsGraphic(r)):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Describe returns an error for the operator, in one line.
func Describe(err error) string {
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		return Complaint(err)
	}
	if cause, ok := errors.AsType[*domain.Error](e.Err); ok && cause.Kind == domain.Internal {
		return Describe(cause) // the operator's text says it all
	}
	text := e.Message
	if e.Field != "" {
		text = e.Field + ": " + text
	}
	if e.Err != nil && !strings.Contains(text, e.Err.Error()) {
		text += " (" + Complaint(e.Err) + ")"
	}
	return text
}
