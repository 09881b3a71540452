package domain_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/partywall-go/partywall/domain"
)

func TestParseSettings(t *testing.T) {
	long := make([]byte, domain.MaxSettingsLen)
	for i := range long {
		long[i] = ' '
	}
	copy(long, "{}")
	deep := func(levels int) string { // the settings are the first
		return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + "}"
	}
	for _, s := range []string{
		"{}", " {\"a\": [1, null]}\n", string(long), deep(domain.MaxSettingsDepth),
		`{"a":{"a":[{"a":1},{"a":"a"}]},"A":"\"a\":","b":"a" , "\\":{}, "\u005c\u005c":{}}`,
	} {
		if got, err := domain.ParseSettings([]byte(s)); err != nil || got.String() != s {
			t.Errorf("ParseSettings(%.40q) = %.40q, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "null", "[]", `"a"`, "1", "{", "{}{}", "{\"a\":\"\xff\"}", string(long) + " ",
		deep(domain.MaxSettingsDepth + 1), strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
		`{"a":1,"a":1}`, `{"a":1,"b":"\"","\u0061" : 2}`, `{"a":[{"":1, "":2}]}`, `{"a":{"b":1},"a":[]}`, "{\"a\":1,\"a\"\n\t:2}"} {
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

func TestStoredSettingsAreNotCheckedAgain(t *testing.T) {
	for _, text := range []string{"{}", `{"a":1}`, `{"a":1,"a":2}`} {
		if got := domain.StoredSettings(text).String(); got != text {
			t.Errorf("%s is read as %s", text, got)
		}
	}
	if domain.StoredSettings("{}") != (domain.Settings{}) {
		t.Error("the empty object is not the zero Settings")
	}
}

// FuzzParseSettings compares ParseSettings with the decoder of the standard library.
func FuzzParseSettings(f *testing.F) {
	for _, s := range []string{`{"a":[{"b":"\"}"},{}],"\u0061":1}`, ` {"a" :{"a":{ }}, "b":[[]]}`, `{"\\":1,"\\\"":"{"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > domain.MaxSettingsLen || !utf8.ValidString(s) || !json.Valid([]byte(s)) || !strings.HasPrefix(strings.TrimSpace(s), "{") {
			return
		}
		want := isStructured(json.NewDecoder(strings.NewReader(s)), domain.MaxSettingsDepth)
		if _, err := domain.ParseSettings([]byte(s)); (err == nil) != want {
			t.Errorf("ParseSettings(%q): %v", s, err)
		}
	})
}

// isStructured reports whether the value that comes next has at most so many levels, and
// no name twice in an object.
func isStructured(next *json.Decoder, levels int) bool {
	token, _ := next.Token()
	opened, nested := token.(json.Delim)
	if !nested {
		return true
	}
	names := map[json.Token]bool{}
	for next.More() {
		if opened == '{' {
			name, _ := next.Token()
			if names[name] {
				return false
			}
			names[name] = true
		}
		if !isStructured(next, levels-1) {
			return false
		}
	}
	_, _ = next.Token() // that closes it
	return levels > 0
}
