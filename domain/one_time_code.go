package domain

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ParseOneTimeCode returns the digits of a code that a person typed or pasted, in
// ASCII. It leaves out spaces, line breaks, dashes and invisible characters around
// and between the digits, and converts digits of other scripts, such as full-width or
// Arabic ones, to ASCII. It reports false for text that has any other character, or
// no digit: that is not a code, and does not count as an attempt.
func ParseOneTimeCode(s Secret) (Secret, bool) {
	var digits strings.Builder
	for _, r := range norm.NFKC.String(s.Reveal()) {
		switch {
		case unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf), r == '\u2212': // the minus sign is not of category Pd
		case unicode.Is(unicode.Nd, r):
			digits.WriteByte('0' + decimal(r))
		default:
			return Secret{}, false
		}
	}
	return Secret{digits.String()}, digits.Len() > 0
}

// decimal returns the value of a decimal digit of any script. Unicode lists the
// ten digits of a script one after the other, from zero on.
func decimal(r rune) byte {
	for _, digits := range unicode.Nd.R16 {
		if rune(digits.Lo) <= r && r <= rune(digits.Hi) {
			return byte((r - rune(digits.Lo)) % 10)
		}
	}
	for _, digits := range unicode.Nd.R32 {
		if rune(digits.Lo) <= r && r <= rune(digits.Hi) {
			return byte((r - rune(digits.Lo)) % 10)
		}
	}
	return 0
}
