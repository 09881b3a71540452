package pg

import "strings"

// Lexer reads SQL token by token, over spaces and comments.
type Lexer struct {
	Text     string
	From, To int    // of the token
	Token    string // a word, a string of any kind, or one character
}

// Next reads a token, and reports whether there is one.
func (s *Lexer) Next() bool {
	s.From = s.To + blank(s.Text[s.To:])
	rest := s.Text[s.From:]
	if rest == "" {
		return false
	}
	length := 1
	switch c := rest[0]; {
	case c == '\'':
		length = quoted(rest, '\'', false)
	case c == '"':
		length = quoted(rest, '"', false)
	case c == '$':
		length = dollarQuoted(rest)
	case startsWord(c):
		for length < len(rest) && continuesWord(rest[length]) {
			length++
		}
		if (rest[:length] == "e" || rest[:length] == "E") && strings.HasPrefix(rest[length:], "'") {
			length += escaped(rest[length:])
		}
	}
	s.To = s.From + length
	s.Token = rest[:length]
	return true
}

// blank is the length of the spaces and comments that text begins with.
func blank(text string) int {
	at := 0
	for at < len(text) {
		rest := text[at:]
		switch {
		case strings.IndexByte(" \t\n\r\f\v", rest[0]) >= 0:
			at++
		case strings.HasPrefix(rest, "--"):
			at += lineComment(rest)
		case strings.HasPrefix(rest, "/*"):
			at += comment(rest)
		default:
			return at
		}
	}
	return at
}

// lineComment is the length of the comment to the end of the line that text begins with.
func lineComment(text string) int {
	if at := strings.IndexAny(text, "\r\n"); at >= 0 {
		return at + 1
	}
	return len(text)
}

// comment is the length of the comment that text begins with. Comments nest.
func comment(text string) int {
	depth, at := 1, 2
	for at < len(text) && depth > 0 {
		switch rest := text[at:]; {
		case strings.HasPrefix(rest, "/*"):
			depth, at = depth+1, at+2
		case strings.HasPrefix(rest, "*/"):
			depth, at = depth-1, at+2
		default:
			at++
		}
	}
	return at
}

// quoted is the length of the string or name that text begins with. The quote
// itself stands in it twice, or, where a backslash escapes, behind one.
func quoted(text string, quote byte, escapes bool) int {
	for at := 1; at < len(text); at++ {
		switch {
		case escapes && text[at] == '\\':
			at++
		case text[at] != quote:
		case at+1 < len(text) && text[at+1] == quote:
			at++
		default:
			return at + 1
		}
	}
	return len(text)
}

// escaped is the length of the escape string that text begins with, E left out. It goes
// on in the quotes of a later line, where a backslash escapes, too.
func escaped(text string) int {
	length := quoted(text, '\'', true)
	for {
		gap := blankLines(text[length:])
		if gap == 0 || !strings.HasPrefix(text[length+gap:], "'") {
			return length
		}
		length += gap + quoted(text[length+gap:], '\'', true)
	}
}

// blankLines is the length of the spaces and line comments that text begins with, and 0
// where no line ends among them.
func blankLines(text string) int {
	at := 0
	for at < len(text) {
		rest := text[at:]
		switch {
		case strings.IndexByte(" \t\n\r\f\v", rest[0]) >= 0:
			at++
			continue
		case strings.HasPrefix(rest, "--"):
			at += lineComment(rest)
			continue
		}
		break
	}
	if !strings.ContainsAny(text[:at], "\r\n") {
		return 0
	}
	return at
}

// dollarQuoted is the length of the string that text begins with, such as $tag$x$tag$,
// and 1 where the dollar begins none.
func dollarQuoted(text string) int {
	end := 1
	for end < len(text) && text[end] != '$' && continuesWord(text[end]) {
		end++
	}
	if end == len(text) || text[end] != '$' || end > 1 && !startsWord(text[1]) {
		return 1
	}
	tag := text[:end+1]
	return len(tag) + lengthUntil(text[len(tag):], tag)
}

// lengthUntil is the length of text up to the end of mark, or all of it.
func lengthUntil(text, mark string) int {
	if at := strings.Index(text, mark); at >= 0 {
		return at + len(mark)
	}
	return len(text)
}

// startsWord and continuesWord follow PostgreSQL's lexer, to which each byte
// beyond ASCII is a letter.
func startsWord(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

func continuesWord(c byte) bool { return startsWord(c) || '0' <= c && c <= '9' || c == '$' }
