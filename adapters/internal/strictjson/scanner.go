package strictjson

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks a JSON text of valid UTF-8. Its methods start on the first byte of
// what they read, and end behind its last one.
type scanner struct {
	text  string
	pos   int
	depth int // how many more objects and arrays may be opened
}

// document reads one object with read, and nothing else.
func document(data []byte, maxDepth int, read func(*scanner) error) error {
	if !utf8.Valid(data) {
		return &SyntaxError{Offset: firstInvalid(data), Reason: "not valid UTF-8"}
	}
	s := &scanner{text: string(data), depth: maxDepth}
	if s.next() != '{' {
		return s.fail("not a JSON object")
	}
	if err := read(s); err != nil {
		return err
	}
	if s.next(); s.pos != len(s.text) {
		return s.fail("something follows the object")
	}
	return nil
}

func firstInvalid(data []byte) int {
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}

func (s *scanner) fail(reason string) error { return &SyntaxError{Offset: s.pos, Reason: reason} }

// next skips white space and returns the byte behind it, or 0 behind the text:
// no JSON text holds that byte bare.
func (s *scanner) next() byte {
	for ; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// object reads an object, calling member in front of each value.
func (s *scanner) object(member func(name string) error) error {
	return s.sequence('}', func() error {
		if s.next() != '"' {
			return s.fail("a name in quotes is missing")
		}
		name, err := s.string()
		if err != nil {
			return err
		}
		if s.next() != ':' {
			return s.fail("':' is missing")
		}
		s.pos++
		s.next()
		if err := member(name); err != nil {
			return under(name, err)
		}
		return nil
	})
}

// array reads an array, calling element in front of each value.
func (s *scanner) array(element func() error) error {
	n := 0
	return s.sequence(']', func() error {
		if err := element(); err != nil {
			return under(strconv.Itoa(n), err)
		}
		n++
		return nil
	})
}

// sequence reads a bracket, items with commas between them, and the closing bracket.
func (s *scanner) sequence(closing byte, item func() error) error {
	if s.depth--; s.depth < 0 {
		return s.fail("nested too deeply")
	}
	s.pos++
	if s.next() == closing {
		s.pos++
		s.depth++
		return nil
	}
	for {
		s.next()
		if err := item(); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.pos++
		case closing:
			s.pos++
			s.depth++
			return nil
		default:
			return s.fail("',' or '" + string(closing) + "' is missing")
		}
	}
}

// literal reads word: true, false or null.
func (s *scanner) literal(word string) error {
	if len(s.text)-s.pos < len(word) || s.text[s.pos:s.pos+len(word)] != word {
		return s.fail("a value is missing")
	}
	s.pos += len(word)
	return nil
}

// string reads a string. One without escapes shares the text's memory.
func (s *scanner) string() (string, error) {
	start := s.pos + 1
	for s.pos = start; s.pos < len(s.text); s.pos++ {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return s.text[start : s.pos-1], nil
		case c == '\\':
			return s.escaped([]byte(s.text[start:s.pos]))
		case c < ' ':
			return "", s.fail("a control character in a string must be escaped")
		}
	}
	return "", s.fail("a string has no end")
}

// escaped reads the rest of a string, from its first escape on, behind out.
func (s *scanner) escaped(out []byte) (string, error) {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return string(out), nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		case c < ' ':
			return "", s.fail("a control character in a string must be escaped")
		default:
			out = append(out, c)
			s.pos++
		}
	}
	return "", s.fail("a string has no end")
}

// escape reads one escape; a pair of surrogates is one.
func (s *scanner) escape() (rune, error) {
	s.pos++
	if s.pos == len(s.text) {
		return 0, s.fail("a string has no end")
	}
	c := s.text[s.pos]
	s.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return s.unicode()
	}
	s.pos--
	return 0, s.fail("unknown escape in a string")
}

// unicode reads what follows \u.
func (s *scanner) unicode() (rune, error) {
	r, ok := s.hex()
	if !ok {
		return 0, s.fail(`\u needs four hexadecimal digits`)
	}
	if !utf16.IsSurrogate(r) {
		return r, nil
	}
	if s.pos+2 <= len(s.text) && s.text[s.pos:s.pos+2] == `\u` {
		s.pos += 2
		low, ok := s.hex()
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, s.fail("half of a surrogate pair stands alone")
}

func (s *scanner) hex() (rune, bool) {
	if len(s.text)-s.pos < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(s.text[s.pos:s.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	s.pos += 4
	return rune(n), true
}

// number reads a number and returns it as it is written.
func (s *scanner) number() (string, error) {
	start := s.pos
	s.skip('-')
	if !s.skip('0') && !s.digits() {
		return "", s.fail("a value is missing")
	}
	if s.skip('.') && !s.digits() {
		return "", s.fail("a digit is missing")
	}
	if s.skip('e') || s.skip('E') {
		_ = s.skip('+') || s.skip('-')
		if !s.digits() {
			return "", s.fail("a digit is missing")
		}
	}
	return s.text[start:s.pos], nil
}

func (s *scanner) skip(c byte) bool {
	if s.pos == len(s.text) || s.text[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
