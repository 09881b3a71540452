package domain_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/partywall-go/partywall/domain"
)

func TestNewObjectKey(t *testing.T) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	accepted := map[string]string{
		"a.txt":                   "acme/a.txt",
		"reports/2026/q1.pdf":     "acme/reports/2026/q1.pdf",
		"...":                     "acme/...",
		".hidden":                 "acme/.hidden",
		"a b+c%2F?#&=.txt":        "acme/a b+c%2F?#&=.txt",
		"e\u0301.txt":             "acme/\u00e9.txt", // brought to NFC
		"日本/語.txt":                "acme/日本/語.txt",
		strings.Repeat("x", 1019): "acme/" + strings.Repeat("x", 1019),
	}
	for name, want := range accepted {
		key, err := domain.NewObjectKey(acme, name)
		if err != nil || key.String() != want {
			t.Errorf("NewObjectKey(%.40q) = %.40q, %v; want %.40q", name, key, err, want)
		}
	}
	refused := []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/..", "../a", "a/../b", "../../neighbour/x", `a\b`, `..\a`, "a\x00b", "a\nb", "a\u0085b",
		"a\x7f", "\xff", "a/\xc0\xaf", strings.Repeat("x", 1020), strings.Repeat("é", 510), strings.Repeat("x", 1<<20),
	}
	for _, name := range refused {
		_, err := domain.NewObjectKey(acme, name)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "filename" || e.Message == "" {
			t.Errorf("NewObjectKey(%.40q) = %v; want an invalid filename", name, err)
		}
	}
	if _, err := domain.NewObjectKey(domain.TenantID{}, "a"); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a key of no tenant: %v", err)
	}
}

func TestParseObjectKeyReadsWhatStringWrote(t *testing.T) {
	key, err := domain.NewObjectKey(domain.Must(domain.ParseTenantID("acme")), "a/b c.txt")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := domain.ParseObjectKey(key.String()); err != nil || again != key {
		t.Errorf("ParseObjectKey(%q) = %v, %v", key, again, err)
	}
	for _, s := range []string{"", "acme", "acme/", "/a", "ACME/a", "acme/../b/c", "acme/e\u0301"} {
		if _, err := domain.ParseObjectKey(s); domain.KindOf(err) != domain.Invalid {
			t.Errorf("ParseObjectKey(%q) = %v; want an invalid error", s, err)
		}
	}
	if zero := (domain.ObjectKey{}); zero.String() != "" || !zero.IsZero() {
		t.Errorf("the zero key is %q", zero)
	}
}

func FuzzNewObjectKey(f *testing.F) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	for _, s := range []string{"a", "../a", "a//b", "e\u0301", "a\\b", "\xff", "ﷺ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		key, err := domain.NewObjectKey(acme, name)
		if err != nil {
			return
		}
		s := key.String()
		if !strings.HasPrefix(s, "acme/") || len(s) > 1024 || !norm.NFC.IsNormalString(s) {
			t.Errorf("NewObjectKey(%q) = %q", name, s)
		}
		for segment := range strings.SplitSeq(s, "/") {
			if segment == "" || segment == "." || segment == ".." {
				t.Errorf("NewObjectKey(%q) = %q has segment %q", name, s, segment)
			}
		}
		if again, err := domain.ParseObjectKey(s); err != nil || again != key {
			t.Errorf("ParseObjectKey(%q) = %v, %v", s, again, err)
		}
	})
}
