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
	written, other := mustEmail(t, "Ada@Example.com"), mustEmail(t, "ada@example.COM")
	if !written.Equal(other) || written.Key() != "ada@example.com" || written.String() != "Ada@Example.com" {
		t.Errorf("%q and %q: equal %v, key %q", written, other, written.Equal(other), written.Key())
	}
	if dot, underscore := mustEmail(t, "a.b@x.io"), mustEmail(t, "a_b@x.io"); dot.Equal(underscore) {
		t.Error("a.b@x.io and a_b@x.io are one person")
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

func mustEmail(t *testing.T, s string) domain.Email {
	t.Helper()
	email, err := domain.ParseEmail(s)
	if err != nil {
		t.Fatal(err)
	}
	return email
}
