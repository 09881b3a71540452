package domain

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// Settings are a JSON object of a tenant's own, whose fields only the product
// understands. The zero Settings are the empty object. Build others with
// [ParseSettings].
type Settings struct{ text string } // empty: {}

// MaxSettingsLen is the largest size of settings, in bytes as they are sent.
const MaxSettingsLen = 64 << 10

// MaxSettingsDepth is how deep objects and arrays are nested in settings at most, the
// settings themselves included. What contains settings, such as an answer or the
// description in an archive, stays far below what parsers of JSON accept.
const MaxSettingsDepth = 100

// jsonSpace is what may stand between the parts of JSON.
const jsonSpace = " \t\r\n"

// ParseSettings accepts a JSON object in UTF-8 of at most [MaxSettingsLen] bytes and
// [MaxSettingsDepth] levels, in which no object has a name twice, because parsers
// disagree on which of the two values counts. Anything else is an [Invalid] error on
// field "settings".
func ParseSettings(text []byte) (Settings, error) {
	switch {
	case string(text) == "{}":
		return Settings{}, nil
	case len(text) > MaxSettingsLen:
		return Settings{}, Invalidf("settings", "settings have at most %d bytes", MaxSettingsLen)
	case !utf8.Valid(text), !bytes.HasPrefix(bytes.TrimLeft(text, jsonSpace), []byte("{")), !json.Valid(text):
		return Settings{}, Invalidf("settings", "settings are one JSON object in UTF-8")
	}
	if err := checkStructure(text); err != nil {
		return Settings{}, err
	}
	return Settings{string(text)}, nil
}

// StoredSettings returns the settings whose text a store kept, as [Settings.String] gave it.
// It does not check them again: requests read settings, and a rule that is newer than a
// tenant's settings must not keep its members out.
func StoredSettings(text string) Settings {
	if text == "{}" {
		return Settings{}
	}
	return Settings{text}
}

// checkStructure refuses valid JSON that is nested too deep, or has an object with a name
// twice. It reads each byte once, and decodes no value.
func checkStructure(text []byte) error {
	var open []map[string]bool // for each level, the names of the object so far
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			if len(open) == MaxSettingsDepth {
				return Invalidf("settings", "settings are nested at most %d levels deep", MaxSettingsDepth)
			}
			open = append(open, nil)
		case '}', ']':
			open = open[:len(open)-1]
		case '"':
			quoted := text[i : i+lenString(text[i:])]
			i += len(quoted) - 1
			if !bytes.HasPrefix(bytes.TrimLeft(text[i+1:], jsonSpace), []byte(":")) {
				continue // it is no name
			}
			name, names := unquote(quoted), &open[len(open)-1]
			if (*names)[name] {
				return Invalidf("settings", "no object in settings has the same name twice; one has %.40q", name)
			}
			if *names == nil {
				*names = map[string]bool{}
			}
			(*names)[name] = true
		}
	}
	return nil
}

// lenString returns the length of the JSON string at the beginning of text, with its quotes.
func lenString(text []byte) int {
	for i := 1; ; i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
}

// unquote returns the value of a JSON string.
func unquote(quoted []byte) (value string) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	_ = json.Unmarshal(quoted, &value) // it is valid
	return value
}

// String returns the JSON object as it was parsed.
func (s Settings) String() string {
	if s.text == "" {
		return "{}"
	}
	return s.text
}

// MarshalJSON returns the JSON object.
func (s Settings) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// Decode reads the settings into the value that into points to, as [json.Unmarshal]
// does.
func (s Settings) Decode(into any) error { return json.Unmarshal([]byte(s.String()), into) }
