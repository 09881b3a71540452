package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const maxReasonLen = 200

// ParseReason converts the reason of a change to NFC without surrounding space. It
// refuses, as [Invalid] on field "reason", a reason that does not have 1 to 200
// characters on one line.
func ParseReason(s string) (string, error) {
	s = strings.TrimSpace(s)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", Invalidf("reason", "a reason is one line of text")
	}
	s = norm.NFC.String(s)
	if n := utf8.RuneCountInString(s); n < 1 || n > maxReasonLen {
		return "", Invalidf("reason", "a reason has 1 to %d characters", maxReasonLen)
	}
	return s, nil
}
