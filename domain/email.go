package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Email is an address, kept as it was written and compared in lower case and in
// one composition of its letters (NFC). The zero Email is no address.
type Email struct{ address string }

const maxEmailLen = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets

// ParseEmail accepts local@domain of at most 254 bytes, without space, control
// characters or the quoting of RFC 5322 that no sign-up form has use for.
// Anything else is an [Invalid] error on field "email".
func ParseEmail(s string) (Email, error) {
	local, host, found := strings.Cut(s, "@")
	switch {
	case len(s) > maxEmailLen:
		return Email{}, Invalidf("email", "an e-mail address has at most %d bytes", maxEmailLen)
	case !utf8.ValidString(s), strings.ContainsFunc(s, notInEmail):
		return Email{}, Invalidf("email", "an e-mail address has no spaces, quotes, brackets or control characters")
	case !found || local == "" || host == "" || strings.Contains(host, "@"), host[0] == '.', host[len(host)-1] == '.', strings.Contains(host, ".."):
		return Email{}, Invalidf("email", "an e-mail address looks like name@example.com")
	}
	return Email{s}, nil
}

func notInEmail(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"(),:;<>[\]`, r)
}

// String returns the address as it was written.
func (e Email) String() string { return e.address }

// Key returns the address in lower case and NFC: what two spellings of one address share.
func (e Email) Key() string { return norm.NFC.String(strings.Map(toLower, e.address)) }

// toLower leaves the two letters outside of ASCII alone that have their lower
// case in it, İ and the Kelvin sign: an address with one isn't its plain twin's.
func toLower(r rune) rune {
	if lower := unicode.ToLower(r); r <= unicode.MaxASCII || lower > unicode.MaxASCII {
		return lower
	}
	return r
}

// Equal reports whether e and other are one address.
func (e Email) Equal(other Email) bool { return e.Key() == other.Key() }

// IsZero reports whether e is no address.
func (e Email) IsZero() bool { return e == Email{} }
