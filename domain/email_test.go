package domain_test

import (
	"errors"
	"strings"
	"testing"

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
	for _, twins := range [][2]string{{"a.b@x.io", "a_b@x.io"}, {"\u212aate@x.io", "kate@x.io"}, {"\u0130van@x.io", "ivan@x.io"}} {
		if domain.Must(domain.ParseEmail(twins[0])).Equal(domain.Must(domain.ParseEmail(twins[1]))) {
			t.Errorf("%s and %s are one person", twins[0], twins[1])
		}
	}
	if !domain.Must(domain.ParseEmail("MÜLLER@x.io")).Equal(domain.Must(domain.ParseEmail("müller@x.io"))) {
		t.Error("MÜLLER and müller are two people")
	}
	if !domain.Must(domain.ParseEmail("Mu\u0308ller@x.io")).Equal(domain.Must(domain.ParseEmail("m\u00fcller@x.io"))) {
		t.Error("müller of one letter and müller of two are two people")
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("ada@example.com")
	f.Add("İ@x")
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
	})
}
