package domain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/partywall-go/partywall/domain"
)

func TestParseEmail(t *testing.T) {
	for _, s := range []string{"a@b", "ada@example.com", "A.B+c@Example.COM", "müller@exämple.de", "a_b@x.io", strings.Repeat("a", 242) + "@example.com"} {
		email, err := domain.ParseEmail(s)
		if err != nil || email.String() != s {
			t.Errorf("ParseEmail(%q) = %q, %v", s, email, err)
		}
	}
	refused := []string{
		"", "@", "a", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@b\n", "a@b\r\nBcc: x@y", "a\x00@b", "a@b\u200b", "a@b\u202e", "<a@b>", "a@[1.2.3.4]",
		`"a"@b`, "a,b@c", "a@b,c@d", "a@b;", "a@.b", "a@b.", "a@b..c", "\xff@b", strings.Repeat("a", 243) + "@example.com",
	}
	for _, s := range refused {
		_, err := domain.ParseEmail(s)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "email" {
			t.Errorf("ParseEmail(%q) = %v; want an invalid email", s, err)
		}
	}
}

func TestEmailsAreComparedInLowerCaseAndKeptAsWritten(t *testing.T) {
	written, other := domain.Must(domain.ParseEmail("Ada@Example.com")), domain.Must(domain.ParseEmail("ada@example.COM"))
	if !written.Equal(other) || written.Key() != "ada@example.com" || written.String() != "Ada@Example.com" {
		t.Errorf("%q and %q: equal %v, key %q", written, other, written.Equal(other), written.Key())
	}
	for _, twins := range [][2]string{{"a.b@x.io", "a_b@x.io"}, {"\u0130van@x.io", "ivan@x.io"}, {"I\u0307van@x.io", "ivan@x.io"}} {
		if domain.Must(domain.ParseEmail(twins[0])).Equal(domain.Must(domain.ParseEmail(twins[1]))) {
			t.Errorf("%s and %s are one person", twins[0], twins[1])
		}
	}
	if !domain.Must(domain.ParseEmail("MÜLLER@x.io")).Equal(domain.Must(domain.ParseEmail("müller@x.io"))) {
		t.Error("MÜLLER and müller are two addresses")
	}
	if !domain.Must(domain.ParseEmail("Mu\u0308ller@x.io")).Equal(domain.Must(domain.ParseEmail("m\u00fcller@x.io"))) {
		t.Error("the composed and the decomposed müller are two addresses")
	}
}

// Unicode calls such spellings canonically equivalent: software on the way of a mail
// may replace one by the other.
func TestTheCompositionOfLettersDoesNotChangeAnAddress(t *testing.T) {
	for composed := rune(utf8.RuneSelf); composed <= unicode.MaxRune; composed++ {
		if !unicode.IsLetter(composed) {
			continue
		}
		decomposed := norm.NFD.String(string(composed))
		if decomposed == string(composed) {
			continue
		}
		for _, form := range []string{"mi%se@x.io", "ada@mi%se.example"} {
			a, err := domain.ParseEmail(fmt.Sprintf(form, string(composed)))
			b, decomposedErr := domain.ParseEmail(fmt.Sprintf(form, decomposed))
			if (err == nil) != (decomposedErr == nil) {
				t.Errorf("%U: %v, decomposed %v", composed, err, decomposedErr)
			}
			if a.Key() != b.Key() || !strings.EqualFold(a.ASCII(), b.ASCII()) || a.UnicodeKey() != b.UnicodeKey() {
				t.Errorf("%U: the keys are %q and %q, in ASCII %q and %q", composed, a.Key(), b.Key(), a.ASCII(), b.ASCII())
			}
			if err == nil && domain.Must(domain.ParseEmail(a.ASCII())).Key() != a.Key() {
				t.Errorf("%U: mail goes to %q, which is another address", composed, a.ASCII())
			}
		}
	}
}

func TestADomainIsOneInUnicodeAndInASCII(t *testing.T) {
	for written, ascii := range map[string]string{
		"ada@m\u00fcnchen.example":               "ada@xn--mnchen-3ya.example",
		"ada@mu\u0308nchen.example":              "ada@xn--mnchen-3ya.example",
		"ada@M\u00dcNCHEN.EXAMPLE":               "ada@xn--mnchen-3ya.example",
		"ada@xn--mnchen-3ya.example":             "ada@xn--mnchen-3ya.example",
		"ada@m\u00fcnchen\u3002example":          "ada@xn--mnchen-3ya.example",
		"ada@m\u00fcnchen\uff0eexample":          "ada@xn--mnchen-3ya.example",
		"ada@m\u00fcnchen\uff61example":          "ada@xn--mnchen-3ya.example",
		"ada@\uff45\uff58\uff41mple.com":         "ada@example.com",
		"ada@\u212ae.example":                    "ada@ke.example",
		"ada@stra\u00dfe.example":                "ada@xn--strae-oqa.example",
		"ada@STRA\u1e9eE.example":                "ada@xn--strae-oqa.example",
		"ada@\u03b2\u03cc\u03bb\u03bf\u03c2.com": "ada@xn--nxasmm1c.com",
		"ada@\u0130stanbul.example":              "ada@xn--istanbul-o0e.example",
		"ada@I\u0307stanbul.example":             "ada@xn--istanbul-o0e.example",
		"ada@\u4f8b\u3048.\u30c6\u30b9\u30c8":    "ada@xn--r8jz45g.xn--zckzah",
		"ada@my_host.b\u00fccher.example":        "ada@my_host.xn--bcher-kva.example",
		"m\u00fcller@b\u00fccher.example":        "m\u00fcller@xn--bcher-kva.example",
	} {
		a, err := domain.ParseEmail(written)
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		b := domain.Must(domain.ParseEmail(ascii))
		if a.String() != written || a.ASCII() != ascii || !a.Equal(b) || a.Key() != b.Key() || a.UnicodeKey() != b.UnicodeKey() {
			t.Errorf("%s is %s with the keys %s and %s, not %s", written, a.ASCII(), a.Key(), a.UnicodeKey(), ascii)
		}
	}
	if got := domain.Must(domain.ParseEmail("Ada@XN--MNCHEN-3YA.example")).UnicodeKey(); got != "ada@m\u00fcnchen.example" {
		t.Errorf("the key in Unicode is %s", got)
	}
}

func TestADomainThatOnlyAppearsEncodedStaysAsItIs(t *testing.T) {
	for _, written := range []string{"ada@xn--.example", "ada@xn--99999999999.example", "ada@xn--a.example", "ada@xn--example-.com", "ada@xn--mnchen-3Y.example"} {
		email := domain.Must(domain.ParseEmail(written))
		if email.ASCII() != written || email.UnicodeKey() != email.Key() {
			t.Errorf("%s is %s, in Unicode %s", written, email.ASCII(), email.UnicodeKey())
		}
	}
}

func TestADomainThatCannotExist(t *testing.T) {
	for _, written := range []string{
		"ada@\u2100.example", "ada@m\u00fcnchen\uff20evil.example", "ada@\u00fc..example", "ada@-\u00fc.example", "ada@\u00fc-.example", "ada@xn--\u00fc.example",
		"ada@\u0301\u00fc.example", "ada@\u00fc!.example", "ada@\u00fc\u3002\u3002example", "ada@\u00fc\u3002", "ada@" + strings.Repeat("\u00fc", 64) + ".example",
		"ada@" + strings.Repeat("\u00fcaaaaaaaa.", 25) + "example", "ada@\u00fc\ufdd0.example", "ada@\u00fc\U000e0001.example",
	} {
		_, err := domain.ParseEmail(written)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "email" || e.Message == "" {
			t.Errorf("%s: %v", written, err)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("ada@example.com")
	f.Add("İ@x")
	f.Add("\u212aate@x.io")
	f.Add("ada@I\u0307stanbul.example")
	f.Add("ada@m\u00fcnchen.example")
	f.Add("ada@xn--mnchen-3ya.example")
	f.Fuzz(func(t *testing.T, s string) {
		email, err := domain.ParseEmail(s)
		if err != nil {
			return
		}
		if len(s) > 254 || email.String() != s || strings.Count(s, "@") != 1 || strings.ContainsAny(s, " \r\n\t\x00<>\"") {
			t.Errorf("ParseEmail accepted %q", s)
		}
		if again, err := domain.ParseEmail(s); err != nil || !email.Equal(again) {
			t.Errorf("%q isn't equal to itself", s)
		}
		ascii, err := domain.ParseEmail(email.ASCII())
		if err != nil || !ascii.Equal(email) || ascii.ASCII() != email.ASCII() || ascii.UnicodeKey() != email.UnicodeKey() {
			t.Errorf("%q in ASCII is %q: %v", s, email.ASCII(), err)
		}
		_, host, _ := strings.Cut(email.ASCII(), "@")
		if strings.ContainsFunc(host, func(r rune) bool { return r > 127 }) || len(email.ASCII()) > 254+len(s) {
			t.Errorf("%q in ASCII is %q", s, email.ASCII())
		}
	})
}
