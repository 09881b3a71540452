package schema

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"
)

// lineOf is the line of the file at which the server points, and 0 where it points
// at none.
func lineOf(m Migration, err error) int {
	if e, ok := errors.AsType[*separateError](err); ok {
		return e.line
	}
	if e, ok := errors.AsType[*pq.Error](err); ok && e.InternalQuery == executable(m) {
		return lineAt(m.sql, e.InternalPosition)
	}
	return 0
}

// lineAt is the line of a position in a text, which the server counts in characters,
// and 0 where the position is none.
func lineAt(text, position string) int {
	var at int
	if _, err := fmt.Sscan(position, &at); err != nil {
		return 0
	}
	before := 0
	for range max(at-1, 0) {
		_, size := utf8.DecodeRuneInString(text[before:])
		before += size
	}
	return 1 + strings.Count(text[:before], "\n")
}
