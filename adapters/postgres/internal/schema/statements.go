package schema

import (
	"slices"
	"strings"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// statement is one statement of a migration file.
type statement struct {
	from, to int      // the bytes of the file that it takes, its semicolon included
	words    []string // its first tokens, in upper case: a word each, or a character
}

// maxWords is how many tokens of a statement are kept. COMMIT WORK AND NO CHAIN
// has five, so a sixth shows that a statement is longer.
const maxWords = 6

// statements splits a file where PostgreSQL's own client does: at semicolons that
// no string, comment, parenthesis or SQL function body holds. Where the file isn't
// SQL the result is a guess; the server says what is wrong.
func statements(file string) []statement {
	var found []statement
	s := pg.Lexer{Text: file}
	var current statement
	var before string // the token
	parens, bodies := 0, 0
	for s.Next() {
		if len(current.words) == 0 {
			current.from = s.From
		}
		current.to = s.To
		token := strings.ToUpper(s.Token)
		switch {
		case token == ";" && parens <= 0 && bodies == 0:
			if len(current.words) > 0 {
				found = append(found, current)
			}
			current, before, parens = statement{}, "", 0
			continue
		case token == "(":
			parens++
		case token == ")":
			parens--
		case parens == 0 && makesRoutine(current.words):
			bodies = max(0, bodies+nesting(before, token, bodies))
		}
		before = token
		if len(current.words) < maxWords {
			current.words = append(current.words, token)
		}
	}
	if len(current.words) > 0 {
		found = append(found, current)
	}
	return found
}

// makesRoutine reports whether a statement that begins so may have a body of
// statements, between BEGIN ATOMIC and END.
func makesRoutine(words []string) bool {
	if len(words) < 2 || words[0] != "CREATE" {
		return false
	}
	what := words[1]
	if len(words) > 3 && what == "OR" && words[2] == "REPLACE" {
		what = words[3]
	}
	return what == "FUNCTION" || what == "PROCEDURE"
}

// nesting is by how much a word deepens a routine's body, after the word before it. CASE
// ends with END, too. After AS and a dot, a word is a name.
func nesting(before, word string, depth int) int {
	switch {
	case before == "AS", before == ".":
		return 0
	case word == "ATOMIC" && before == "BEGIN", word == "CASE" && depth > 0:
		return 1
	case word == "END":
		return -1
	}
	return 0
}

// withoutTransaction leaves out a BEGIN that is the file's first statement and the
// COMMIT that is its last one, as other tools want them: the caller's transaction
// holds the whole file anyway. All else stays in its line and column.
func withoutTransaction(file string) string {
	found := statements(file)
	if len(found) < 2 {
		return file
	}
	first, last := found[0], found[len(found)-1]
	if !first.opensTransaction() || !last.commits() {
		return file
	}
	text := []byte(file)
	for _, s := range []statement{first, last} {
		for i := s.from; i < s.to; i++ {
			if text[i] != '\n' {
				text[i] = ' '
			}
		}
	}
	return string(text)
}

// executable is the file as EXECUTE takes it. EXECUTE refuses SELECT INTO as the last
// statement, so a query there isn't the last one.
func executable(m Migration) string {
	file := m.inTransaction()
	if found := statements(file); len(found) > 0 && found[len(found)-1].isQuery() {
		file += "\n; SELECT"
	}
	return file
}

// isQuery reports whether it may be a SELECT INTO.
func (s statement) isQuery() bool { return s.words[0] == "SELECT" || s.words[0] == "WITH" }

// opensTransaction reports whether it begins a transaction as the server would by
// itself. One with an isolation level or READ ONLY isn't the same.
func (s statement) opensTransaction() bool {
	return s.is("BEGIN") || s.is("BEGIN", "WORK") || s.is("BEGIN", "TRANSACTION") || s.is("START", "TRANSACTION")
}

func (s statement) commits() bool {
	for _, verb := range []string{"COMMIT", "END"} {
		for _, noun := range [][]string{nil, {"WORK"}, {"TRANSACTION"}} {
			words := append([]string{verb}, noun...)
			if s.is(words...) || s.is(append(words, "AND", "NO", "CHAIN")...) {
				return true
			}
		}
	}
	return false
}

func (s statement) is(words ...string) bool { return slices.Equal(s.words, words) }
