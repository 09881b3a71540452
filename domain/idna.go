package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	idnaPrefix  = "xn--"
	maxLabelLen = 63 // RFC 1035, section 2.3.4
)

// asciiHost returns a host name with its labels in the ASCII form of IDNA. It maps
// them as browsers do (UTS 46, nontransitional): compatible forms and case are
// folded, and the full stops of East Asia are dots. A host in ASCII stays as it is
// written. It reports false for a name that cannot exist.
func asciiHost(host string) (string, bool) {
	if isASCII(host) {
		return host, true
	}
	labels := strings.Split(mapHost(host), ".")
	for i, label := range labels {
		ascii, ok := asciiLabel(label)
		if !ok {
			return "", false
		}
		labels[i] = ascii
	}
	return strings.Join(labels, "."), true
}

// unicodeHost returns an ASCII host name with those labels in Unicode that have such
// a form. A label that only appears to have one stays as it is.
func unicodeHost(host string) string {
	labels := strings.Split(host, ".")
	for i, label := range labels {
		encoded, marked := strings.CutPrefix(label, idnaPrefix)
		if !marked {
			continue
		}
		decoded, ok := decodePunycode(encoded)
		if ascii, same := asciiLabel(decoded); ok && same && ascii == label && mapHost(decoded) == decoded {
			labels[i] = decoded
		}
	}
	return strings.Join(labels, ".")
}

func mapHost(host string) string {
	composed := norm.NFKC.String(host)
	return norm.NFC.String(strings.Map(lowerHostRune, lowerDottedI.Replace(composed)))
}

const dottedCapitalI = '\u0130'

// lowerDottedI maps the one letter whose lower case UTS 46 writes in two, in text that
// is composed.
var lowerDottedI = strings.NewReplacer(string(dottedCapitalI), "i\u0307")

func lowerHostRune(r rune) rune {
	if r == '\u3002' { // the ideographic full stop; NFKC makes it of the half-width one
		return '.'
	}
	return unicode.ToLower(r)
}

func asciiLabel(label string) (string, bool) {
	first, _ := utf8.DecodeRuneInString(label)
	switch {
	case label == "" || unicode.Is(unicode.M, first) || strings.ContainsFunc(label, notInHost) || !utf8.ValidString(label):
		return "", false
	case !isASCII(label):
		if strings.HasPrefix(label, idnaPrefix) || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
		label = idnaPrefix + encodePunycode(label)
	}
	return label, len(label) <= maxLabelLen
}

// notInHost reports whether r can't be in a label: of ASCII it has letters,
// digits, hyphens and, since some hosts have them, underscores.
func notInHost(r rune) bool {
	if r > unicode.MaxASCII {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.S, unicode.P)
	}
	return r != '-' && r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
