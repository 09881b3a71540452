package dotenv

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Setting is one NAME=value of the file.
type Setting struct {
	Name, Value string
	Line        int
	Dollar      bool // the value has a $ that a shell would replace
}

// Mistake returns an error about the setting, which names its line.
func (s Setting) Mistake(what string) error { return lineError{s.Line, what} }

// lineError describes a mistake in a line of the file. It does not quote the line, which
// may contain part of a secret.
type lineError struct {
	line int
	what string
}

// Error implements [error].
func (e lineError) Error() string { return fmt.Sprintf(".env line %d: %s", e.line, e.what) }

// parse returns the settings of the file in order, or the first mistake in it. A line is
// NAME=value, optionally after "export":
//
//	NAME=value          unchanged, without the spaces around it; " #" begins a comment
//	NAME='value'        unchanged, possibly over several lines
//	NAME="value"        the same, with \n, \r, \t, \\, \" and \$
//
// A $ is not expanded. A value with a $ outside of single quotes and without a backslash
// before it is marked.
func parse(text []byte) ([]Setting, error) {
	source, err := decode(text)
	if err != nil {
		return nil, err
	}
	p := parser{rest: source, line: 1}
	var settings []Setting
	seen := map[string]Setting{}
	for p.skipBlank() {
		s, err := p.setting()
		if err != nil {
			return nil, err
		}
		if before, twice := seen[s.Name]; twice && before.Value != s.Value {
			return nil, lineError{s.Line, fmt.Sprintf("it sets the name on line %d: remove one of them", before.Line)}
		}
		seen[s.Name] = s
		settings = append(settings, s)
	}
	return settings, nil
}

// decode returns the text with plain line ends and without a byte order
// mark, which some editors write.
func decode(text []byte) (string, error) {
	if bytes.HasPrefix(text, []byte{0xFF, 0xFE}) || bytes.HasPrefix(text, []byte{0xFE, 0xFF}) {
		return "", lineError{1, "the file is UTF-16: save it as UTF-8"}
	}
	source := strings.TrimPrefix(string(text), "\uFEFF")
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	for i, line := range strings.Split(source, "\n") {
		switch {
		case !utf8.ValidString(line):
			return "", lineError{i + 1, "it is not UTF-8: save the file as UTF-8"}
		case strings.Contains(line, "\x00"):
			return "", lineError{i + 1, "it has a NUL character, which no variable can hold: remove it, or save the file as UTF-8"}
		}
	}
	return source, nil
}

// parser reads from the front of rest, which begins on the numbered line.
type parser struct {
	rest string
	line int
}

// take removes the first n bytes of the rest and returns them.
func (p *parser) take(n int) string {
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	p.line += strings.Count(taken, "\n")
	return taken
}

// takeLine removes the first line of the rest, and returns it without its end.
func (p *parser) takeLine() string {
	n := strings.IndexByte(p.rest, '\n')
	if n < 0 {
		return p.take(len(p.rest))
	}
	line := p.take(n)
	p.take(1)
	return line
}

// skipBlank removes empty lines and comments, and reports whether anything is left.
func (p *parser) skipBlank() bool {
	for p.rest != "" {
		line, _, _ := strings.Cut(p.rest, "\n")
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return true
		}
		p.takeLine()
	}
	return false
}

func (p *parser) setting() (Setting, error) {
	s := Setting{Line: p.line}
	line, _, _ := strings.Cut(p.rest, "\n")
	equals := strings.IndexByte(line, '=')
	if equals < 0 {
		return s, lineError{p.line, "it has no =: write NAME=value, and put a value of several lines in quotes"}
	}
	name := strings.TrimSpace(p.take(equals))
	p.take(1)
	if after, found := strings.CutPrefix(name, "export"); found && after != strings.TrimSpace(after) {
		name = strings.TrimSpace(after)
	}
	if !isVariableName(name) {
		return s, lineError{s.Line, "before the = stands no name of a variable: a name has letters, digits and _ alone"}
	}
	s.Name = name
	err := p.value(&s)
	return s, err
}

// isVariableName accepts more than a shell: other programs' names may contain a dot.
func isVariableName(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '.':
		default:
			return false
		}
	}
	return name != ""
}

// value reads the text after the = into s.
func (p *parser) value(s *Setting) error {
	blank := len(p.rest) - len(strings.TrimLeft(p.rest, " \t"))
	switch quoted := p.rest[blank:]; {
	case strings.HasPrefix(quoted, "'"):
		p.take(blank + 1)
		return p.singleQuoted(s)
	case strings.HasPrefix(quoted, `"`):
		p.take(blank + 1)
		return p.doubleQuoted(s)
	}
	value := strings.TrimSpace(cutComment(p.takeLine()))
	s.Value = strings.ReplaceAll(value, `\$`, "$")
	s.Dollar = strings.Contains(strings.ReplaceAll(value, `\$`, ""), "$")
	return nil
}

// cutComment removes a # after a space, and the text behind it.
func cutComment(line string) string {
	for i := 1; i < len(line); i++ {
		if line[i] == '#' && (line[i-1] == ' ' || line[i-1] == '\t') {
			return line[:i]
		}
	}
	return line
}

func (p *parser) singleQuoted(s *Setting) error {
	end := strings.IndexByte(p.rest, '\'')
	if end < 0 {
		return lineError{s.Line, "the quote ' is not closed: put another ' behind the value"}
	}
	s.Value = p.take(end)
	p.take(1)
	return p.nothingMore()
}

// escapes are the characters that may follow a backslash in double quotes.
var escapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", '\\': `\`, '"': `"`, '$': "$"}

func (p *parser) doubleQuoted(s *Setting) error {
	var value strings.Builder
	for p.rest != "" {
		switch char := p.take(1); char {
		case `"`:
			s.Value = value.String()
			return p.nothingMore()
		case `\`:
			if p.rest == "" {
				continue
			}
			meant, known := escapes[p.rest[0]]
			if !known {
				return lineError{p.line, `a \ in double quotes is one of \n \r \t \\ \" \$: write \\ for a backslash, or put the value in single quotes`}
			}
			p.take(1)
			value.WriteString(meant)
		default:
			s.Dollar = s.Dollar || char == "$"
			value.WriteString(char)
		}
	}
	return lineError{s.Line, `the quote " is not closed: put another " behind the value`}
}

// nothingMore refuses text after a closing quote, except a comment.
func (p *parser) nothingMore() error {
	line := p.line
	if strings.TrimSpace(cutComment(p.takeLine())) != "" {
		return lineError{line, "text follows the closing quote: put the value in one pair of quotes, of the kind that it does not contain"}
	}
	return nil
}
