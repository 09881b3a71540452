package domain

import "strings"

// StoredText returns at most longest bytes of a text from outside, such as that of an
// error, in a form that every store takes: UTF-8 without zero bytes.
func StoredText(text string, longest int) string {
	text = strings.ToValidUTF8(text[:min(len(text), longest)], "?")
	return strings.ReplaceAll(text, "\x00", "?")
}
