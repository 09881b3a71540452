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

// ParseSettings accepts a JSON object in UTF-8 of at most [MaxSettingsLen] bytes.
// Anything else is an [Invalid] error on field "settings".
func ParseSettings(text []byte) (Settings, error) {
	switch {
	case string(text) == "{}":
		return Settings{}, nil
	case len(text) > MaxSettingsLen:
		return Settings{}, Invalidf("settings", "settings have at most %d bytes", MaxSettingsLen)
	case !utf8.Valid(text), !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")), !json.Valid(text):
		return Settings{}, Invalidf("settings", "settings are one JSON object in UTF-8")
	}
	return Settings{string(text)}, nil
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
