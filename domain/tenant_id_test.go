package domain_test

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestParseTenantID(t *testing.T) {
	valid := []string{"ab", "acme", "a1", "a-b", "a--b", "acme-2", "z" + strings.Repeat("9", 47)}
	for _, s := range valid {
		id, err := domain.ParseTenantID(s)
		if err != nil || id.String() != s || id.IsZero() {
			t.Errorf("ParseTenantID(%q) = %q, %v", s, id, err)
		}
	}
	invalid := []string{
		"", "a", "A", "Acme", "1a", "-a", "a-", "a_b", "a.b", "a b", " ab", "ab ", "ab\n", "ab\x00", "äb", "аcme", "ab/..", "a'b", `a"b`, "a;b",
		"a%41", "z" + strings.Repeat("9", 48), strings.Repeat("a", 10<<10),
	}
	for _, s := range invalid {
		id, err := domain.ParseTenantID(s)
		if domain.KindOf(err) != domain.Invalid || !id.IsZero() {
			t.Errorf("ParseTenantID(%.60q) = %q, %v; want an invalid error", s, id, err)
		}
	}
}

func TestReservedTenantIDs(t *testing.T) {
	for _, s := range []string{"public", "partywall", "shared", "ext", "admin", "api", "www", "app", "auth", "mail", "account", "www2", "xn--pple-43d", "ab--c"} {
		if id := domain.Must(domain.ParseTenantID(s)); !id.IsReserved() {
			t.Errorf("%s isn't reserved", s)
		}
	}
	for _, s := range []string{"acme", "publican", "wwwx", "app-1", "a--b", "abc--d"} {
		if id := domain.Must(domain.ParseTenantID(s)); id.IsReserved() {
			t.Errorf("%s is reserved", s)
		}
	}
}

func FuzzParseTenantID(f *testing.F) {
	f.Add("acme")
	f.Add("a-")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := domain.ParseTenantID(s)
		if err != nil {
			return
		}
		if id.String() != s || len(s) < 2 || len(s) > 48 || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("ParseTenantID accepted %q as %q", s, id)
		}
	})
}
