package archive

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// A row is read as one record, whose text the server makes by the output function of
// each column: no cast and no driver changes a value. The archive has the row in the text
// format of COPY.

var errRecord = errors.New("the server sent a record that cannot be read")

// appendRow appends a record of that many columns to dst as a line of COPY.
func appendRow(dst, record []byte, columns int) ([]byte, error) {
	if len(record) < 2 || record[0] != '(' {
		return nil, errRecord
	}
	rest := record[1:]
	for i := range columns {
		if i > 0 {
			if len(rest) == 0 || rest[0] != ',' {
				return nil, errRecord
			}
			rest, dst = rest[1:], append(dst, '\t')
		}
		dst, rest = appendField(dst, rest)
	}
	if string(rest) != ")" {
		return nil, errRecord
	}
	return append(dst, '\n'), nil
}

// appendField appends the first field of a record, and returns what follows it.
func appendField(dst, rest []byte) (extended, after []byte) {
	if len(rest) == 0 || rest[0] == ',' || rest[0] == ')' {
		return append(dst, `\N`...), rest
	}
	quoted := false
	for len(rest) > 0 {
		c := rest[0]
		switch {
		case c == '"' && quoted && len(rest) > 1 && rest[1] == '"', c == '\\' && len(rest) > 1:
			dst, rest = appendEscaped(dst, rest[1]), rest[2:]
			continue
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == ')'):
			return dst, rest
		default:
			dst = appendEscaped(dst, c)
		}
		rest = rest[1:]
	}
	return dst, rest
}

// The characters that COPY escapes, and the letters that stand for them.
const (
	escapedBytes   = "\b\f\n\r\t\v\\"
	escapedLetters = `bfnrtv\`
)

func appendEscaped(dst []byte, c byte) []byte {
	if c > '\\' || c >= ' ' && c < '\\' { // most are
		return append(dst, c)
	}
	if at := strings.IndexByte(escapedBytes, c); at >= 0 {
		return append(dst, '\\', escapedLetters[at])
	}
	return append(dst, c)
}

// parseRow reads a line of COPY, without its end, into values: a string each, or nil for
// NULL. It accepts only what appendRow writes.
func parseRow(line []byte, values []any) error {
	if len(values) == 0 {
		if len(line) > 0 {
			return errors.New("a row of a table without columns has a value")
		}
		return nil
	}
	for i := range values {
		field, rest, more := bytes.Cut(line, []byte("\t"))
		if more != (i < len(values)-1) {
			return fmt.Errorf("a row does not have %d columns", len(values))
		}
		value, err := parseField(field)
		if err != nil {
			return err
		}
		values[i], line = value, rest
	}
	return nil
}

func parseField(field []byte) (any, error) {
	if string(field) == `\N` {
		return nil, nil
	}
	if bytes.IndexByte(field, '\\') < 0 {
		return string(field), nil
	}
	text := make([]byte, 0, len(field))
	for i := 0; i < len(field); i++ {
		if field[i] != '\\' {
			text = append(text, field[i])
			continue
		}
		i++
		at := -1
		if i < len(field) {
			at = strings.IndexByte(escapedLetters, field[i])
		}
		if at < 0 {
			return nil, errors.New("a row has an escape that no export writes")
		}
		text = append(text, escapedBytes[at])
	}
	return string(text), nil
}
