package schema

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// indexStatement is a statement of a file that runs outside of a transaction. Each is
// about one index, or rebuilds those of a table, so that an attempt that broke off can
// be continued: the catalogue shows how far it came.
type indexStatement struct {
	statement
	verb         string // CREATE, DROP or REINDEX
	name         string // of the index, or of what is rebuilt, as the file spells it
	unlessExists bool   // IF NOT EXISTS, or IF EXISTS
	concurrently bool
	word         [2]int // the bytes of CONCURRENTLY in the file
}

// onlyIndexes is what a file without a transaction may consist of.
const onlyIndexes = "a file outside of a transaction has CREATE INDEX, DROP INDEX and REINDEX alone, since an attempt that breaks off could not be continued otherwise: move the rest to another file"

// indexStatements reads a file that runs outside of a transaction.
func indexStatements(file string) (found []indexStatement, err error) {
	for _, s := range statements(file) {
		parsed, err := parseIndexStatement(file, s)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", 1+strings.Count(file[:s.from], "\n"), err)
		}
		found = append(found, parsed)
	}
	return found, nil
}

// tokens reads the tokens of a statement one by one.
type tokens struct {
	pg.Lexer
	word string // the token in upper case
}

func (t *tokens) next() {
	t.word = ""
	if t.Next() {
		t.word = strings.ToUpper(t.Token)
	}
}

// skip passes over the words, if they are next, and reports whether they were.
func (t *tokens) skip(words ...string) bool {
	at := *t
	for _, word := range words {
		if t.word != word {
			*t = at
			return false
		}
		t.next()
	}
	return true
}

// isName reports whether the token can be the name of an index or a table.
func (t *tokens) isName() bool {
	first, _ := utf8.DecodeRuneInString(t.Token)
	return t.word != "" && t.word != "ON" && (first == '"' || first == '_' || unicode.IsLetter(first))
}

func parseIndexStatement(file string, s statement) (indexStatement, error) {
	found := indexStatement{statement: s}
	t := tokens{Lexer: pg.Lexer{Text: file[:s.to], To: s.from}}
	t.next()
	found.verb = t.word
	switch {
	case t.skip("CREATE", "INDEX"), t.skip("CREATE", "UNIQUE", "INDEX"), t.skip("DROP", "INDEX"), t.skip("REINDEX", "INDEX"), t.skip("REINDEX", "TABLE"):
	default:
		return found, errors.New(onlyIndexes)
	}
	if t.word == "CONCURRENTLY" {
		found.concurrently, found.word = true, [2]int{t.From, t.To}
		t.next()
	}
	found.unlessExists = t.skip("IF", "NOT", "EXISTS") || t.skip("IF", "EXISTS")
	if !t.isName() {
		return found, errors.New("the statement does not name its index, so that an attempt that breaks off could not be continued: name it")
	}
	found.name = t.Token
	t.next()
	return found, found.checkRest(&t)
}

// checkRest refuses what would lead out of the schema, or to several indexes.
func (s *indexStatement) checkRest(t *tokens) error {
	if s.verb == "CREATE" {
		if !t.skip("ON", "ONLY") && !t.skip("ON") || !t.isName() {
			return errors.New(onlyIndexes)
		}
		t.next()
	}
	switch t.word {
	case ".":
		return errors.New("the statement names a schema: leave it out, since each tenant has another")
	case ",":
		return errors.New("the statement names several indexes: write a statement for each")
	}
	return nil
}

// withoutConcurrently returns a file without the word CONCURRENTLY in its statements,
// as a transaction can have them. All else stays in its line and column.
func withoutConcurrently(file string, found []indexStatement) string {
	text := []byte(file)
	for _, s := range found {
		for i := s.word[0]; i < s.word[1]; i++ {
			text[i] = ' '
		}
	}
	return string(text)
}

// isConcurrent reports whether a file is one statement about an index that no
// transaction can have. golang-migrate, which opens none, runs such a file.
func isConcurrent(file string) bool {
	found := statements(file)
	if len(found) != 1 {
		return false
	}
	parsed, _ := parseIndexStatement(file, found[0]) // a mistake of the rest is refused later
	return parsed.concurrently
}
