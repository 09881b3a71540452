package domain_test

import (
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestParseSettings(t *testing.T) {
	long := make([]byte, domain.MaxSettingsLen)
	for i := range long {
		long[i] = ' '
	}
	copy(long, "{}")
	for _, s := range []string{"{}", " {\"a\": [1, null]}\n", string(long)} {
		if got, err := domain.ParseSettings([]byte(s)); err != nil || got.String() != s {
			t.Errorf("ParseSettings(%.40q) = %.40q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "null", "[]", `"a"`, "1", "{", "{}{}", "{\"a\":\"\xff\"}", string(long) + " "} {
		if got, err := domain.ParseSettings([]byte(s)); domain.KindOf(err) != domain.Invalid || got != (domain.Settings{}) {
			t.Errorf("ParseSettings(%.40q) = %.40q, %v", s, got, err)
		}
	}
	var into struct{ Theme string }
	if err := domain.Must(domain.ParseSettings([]byte(`{"theme":"dark"}`))).Decode(&into); err != nil || into.Theme != "dark" {
		t.Errorf("decoded %+v, %v", into, err)
	}
	if empty, err := domain.ParseSettings([]byte("{}")); err != nil || empty != (domain.Settings{}) {
		t.Errorf("the empty object is not the zero Settings: %v", err)
	}
	if got := (domain.Settings{}).String(); got != "{}" {
		t.Errorf("the zero Settings are %q", got)
	}
}
