package domain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestNewObjectPrefix(t *testing.T) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	accepted := map[string]string{
		"":                        "acme/",
		"a":                       "acme/a",
		"a/":                      "acme/a/",
		"...":                     "acme/...",
		"a/b/":                    "acme/a/b/",
		"e\u0301":                 "acme/\u00e9",
		strings.Repeat("x", 1019): "acme/" + strings.Repeat("x", 1019),
	}
	for text, want := range accepted {
		prefix, err := domain.NewObjectPrefix(acme, text)
		if err != nil || prefix.String() != want || prefix.Tenant() != acme {
			t.Errorf("NewObjectPrefix(%.40q) = %.40q, %v; want %.40q", text, prefix, err, want)
		}
	}
	for _, text := range []string{"/", "//", "/a", "a//", ".", "..", "a/.", "a/..", "../", "a/../b", "./", `a\`, "a\x00", "a\n", "\xff", strings.Repeat("x", 1020)} {
		_, err := domain.NewObjectPrefix(acme, text)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != "prefix" || e.Message == "" {
			t.Errorf("NewObjectPrefix(%.40q) = %v; want an invalid prefix", text, err)
		}
	}
	if _, err := domain.NewObjectPrefix(domain.TenantID{}, "a"); domain.KindOf(err) != domain.Invalid {
		t.Errorf("a prefix of no tenant: %v", err)
	}
}

func TestObjectPrefixSelects(t *testing.T) {
	acme, acmeTwo := domain.Must(domain.ParseTenantID("acme")), domain.Must(domain.ParseTenantID("acme2"))
	prefix := domain.Must(domain.NewObjectPrefix(acme, "a/b"))
	for key, want := range map[domain.ObjectKey]bool{
		domain.Must(domain.NewObjectKey(acme, "a/b")):    true,
		domain.Must(domain.NewObjectKey(acme, "a/bc/d")): true,
		domain.Must(domain.NewObjectKey(acme, "a/c")):    false,
		domain.Must(domain.NewObjectKey(acmeTwo, "a/b")): false,
		{}: false,
	} {
		if got := prefix.Selects(key); got != want {
			t.Errorf("%s selects %q: %v", prefix, key, got)
		}
	}
	if zero := (domain.ObjectPrefix{}); !zero.IsZero() || zero.String() != "" || zero.Selects(domain.ObjectKey{}) {
		t.Errorf("the zero prefix is %q", zero)
	}
}

// FuzzNewObjectPrefix checks that each folder of a file, and its whole name, select it.
func FuzzNewObjectPrefix(f *testing.F) {
	acme := domain.Must(domain.ParseTenantID("acme"))
	for _, name := range []string{"a", "a/b", "...", "a/..b", "e\u0301/e\u0301", "日本/語"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		key, err := domain.NewObjectKey(acme, name)
		if err != nil {
			return
		}
		text := ""
		for segment := range strings.SplitAfterSeq(name, "/") {
			text += segment
			prefix, err := domain.NewObjectPrefix(acme, text)
			if err != nil || !prefix.Selects(key) {
				t.Errorf("%q of %q does not select it: %v", text, name, err)
			}
		}
	})
}
