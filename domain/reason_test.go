package domain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestAReasonIsOneLineOfText(t *testing.T) {
	for s, want := range map[string]string{
		"ticket 17":                ".",
		"  ticket 17\t":            "ticket 17",
		strings.Repeat("長", 200):   ".",
		"Zoe\u0308 asked for help": "Zo\u00eb asked for help",
	} {
		if want == "." {
			want = s
		}
		if got, err := domain.ParseReason(s); err != nil || got != want {
			t.Errorf("ParseReason(%q) = %q, %v; want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", " \t", "two\nlines", "a\x00b", "\xff", strings.Repeat("長", 201)} {
		_, err := domain.ParseReason(s)
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != domain.Invalid || e.Field != "reason" {
			t.Errorf("ParseReason(%q): %v", s, err)
		}
	}
}
