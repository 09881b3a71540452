package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Email is an address, kept as it was written. Two spellings of one address, which
// differ in case, in the composition of letters, or in whether the domain is written
// in Unicode or in the ASCII form of IDNA, are equal by [Email.Equal] and have the
// same [Email.Key]. The zero Email is no address.
type Email struct{ address string }

const maxEmailLen = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets

// ParseEmail accepts local@domain of at most 254 bytes, counted in ASCII, without
// space, control characters or the quoting of RFC 5322, which sign-up forms do not
// need. Anything else is an [Invalid] error on field "email".
func ParseEmail(s string) (Email, error) {
	local, host, found := strings.Cut(s, "@")
	switch {
	case len(s) > maxEmailLen:
		return Email{}, errLongEmail()
	case !utf8.ValidString(s), strings.ContainsFunc(s, notInEmail):
		return Email{}, Invalidf("email", "an e-mail address has no spaces, quotes, brackets or control characters")
	case !found || local == "" || host == "" || strings.Contains(host, "@"), host[0] == '.', host[len(host)-1] == '.', strings.Contains(host, ".."):
		return Email{}, Invalidf("email", "an e-mail address looks like name@example.com")
	}
	ascii, ok := asciiHost(host)
	switch {
	case !ok:
		return Email{}, Invalidf("email", "the domain of the e-mail address cannot exist; check the part after the @")
	case len(local)+1+len(ascii) > maxEmailLen:
		return Email{}, errLongEmail()
	}
	return Email{s}, nil
}

func errLongEmail() error {
	return Invalidf("email", "an e-mail address has at most %d bytes, its domain in ASCII", maxEmailLen)
}

func notInEmail(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"(),:;<>[\]`, r)
}

// String returns the address as it was written.
func (e Email) String() string { return e.address }

// ASCII returns the address in the form that mail servers and identity providers
// take: the domain in the ASCII form of IDNA, the local part in NFC, its case as it
// was written.
func (e Email) ASCII() string {
	local, host, found := strings.Cut(e.address, "@")
	if !found {
		return ""
	}
	ascii, _ := asciiHost(host) // ParseEmail has checked it
	return norm.NFC.String(local) + "@" + ascii
}

// Key returns the form that all spellings of one address have in common: the ASCII
// form in lower case. It is for comparing and storing, not for sending mail to.
func (e Email) Key() string {
	local, host, found := strings.Cut(e.address, "@")
	if !found {
		return ""
	}
	ascii, _ := asciiHost(host)
	return lowerNFC(local) + "@" + lowerNFC(ascii)
}

// UnicodeKey returns the address in lower case with its domain in Unicode, which is
// the key that releases before the ASCII form of [Email.Key] stored. Where the domain
// is ASCII in any case, it is the Key.
func (e Email) UnicodeKey() string {
	local, host, _ := strings.Cut(e.Key(), "@")
	if host == "" {
		return ""
	}
	return local + "@" + lowerNFC(unicodeHost(host))
}

// lowerNFC composes before it changes the case: the letter İ and an I with the same
// dot above it become one letter, and the Kelvin sign becomes a k.
func lowerNFC(s string) string {
	return norm.NFC.String(strings.Map(toLower, norm.NFC.String(s)))
}

// toLower keeps İ as it is. It is the only letter in NFC outside of ASCII whose lower
// case is in ASCII, and İvan and ivan are two addresses.
func toLower(r rune) rune {
	if r == dottedCapitalI {
		return r
	}
	return unicode.ToLower(r)
}

// Equal reports whether e and other are one address.
func (e Email) Equal(other Email) bool { return e.Key() == other.Key() }

// Masked hides most of the address from a reader who may not be its owner, as Cognito
// does: a***@e***.
func (e Email) Masked() string {
	local, host, found := strings.Cut(e.address, "@")
	if !found {
		return ""
	}
	return initial(local) + "***@" + initial(host) + "***"
}

func initial(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}

// IsZero reports whether e is no address.
func (e Email) IsZero() bool { return e == Email{} }

// Require returns an [Invalid] error on field "email" for the zero Email.
func (e Email) Require() error {
	if e.IsZero() {
		return Invalidf("email", "an e-mail address is required")
	}
	return nil
}
