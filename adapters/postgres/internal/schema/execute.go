package schema

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"
)

// executed is the text of an EXECUTE, and what precedes it in its file.
type executed struct {
	text string
	line int // of the file, where the text begins
}

// execute runs a file, whole or statement by statement.
func (t Target) execute(m Migration) string {
	parts := []executed{whole(m)}
	if t.Separately {
		parts = separated(m)
	}
	var text strings.Builder
	for _, part := range parts {
		text.WriteString("EXECUTE " + dollarQuote(part.text) + ";\n")
	}
	return text.String()
}

// whole is the file as one EXECUTE takes it. EXECUTE refuses SELECT INTO as the last
// statement, so a query there isn't the last one.
func whole(m Migration) executed {
	file := m.inTransaction()
	if found := statements(file); len(found) > 0 && found[len(found)-1].isQuery() {
		file += "\n; SELECT"
	}
	return executed{file, 1}
}

// separated are the statements of the file, each as one EXECUTE takes it.
func separated(m Migration) (found []executed) {
	file := m.inTransaction()
	for _, s := range statements(file) {
		text := file[s.from:s.to]
		if s.isQuery() && s.into {
			text += "\n; SELECT"
		}
		found = append(found, executed{text, 1 + strings.Count(file[:s.from], "\n")})
	}
	return found
}

// isQuery reports whether it may be a SELECT INTO.
func (s statement) isQuery() bool { return s.words[0] == "SELECT" || s.words[0] == "WITH" }

// lineOf is the line of the file at which the server points, and 0 where it points
// at none.
func lineOf(m Migration, e *pq.Error) int {
	var at int
	if _, err := fmt.Sscan(e.InternalPosition, &at); err != nil {
		return 0
	}
	for _, part := range append(separated(m), whole(m)) {
		if part.text == e.InternalQuery {
			return part.line + strings.Count(part.text[:bytesOf(part.text, at-1)], "\n")
		}
	}
	return 0
}

// bytesOf is the length of the first characters of a text, as the server counts them.
func bytesOf(text string, characters int) (length int) {
	for range max(characters, 0) {
		_, size := utf8.DecodeRuneInString(text[length:])
		length += size
	}
	return length
}
