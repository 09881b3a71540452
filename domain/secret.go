package domain

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password, token or code. It prints as "[secret]" with every format
// verb, logger and encoder; only [Secret.Reveal] returns its text.
//
// Package fmt cannot call the methods of an unexported field of another type, so a
// type with a Secret in such a field must not be printed.
type Secret struct{ value string }

const redacted = "[secret]"

// NewSecret wraps s.
func NewSecret(s string) Secret { return Secret{s} }

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.value == "" }

// String returns "[secret]", and "" for the empty secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format writes [Secret.String], whatever the verb: without it, %d shows the string
// inside.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, s.String()) }

// LogValue is [Secret.String], for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is [Secret.String]: an encoder reveals no more than %v.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MaxTokenLen is how many bytes a token that callers send may have.
const MaxTokenLen = 16 << 10

// TokenHash is the hash of a random token or code, which a store keeps in its place.
type TokenHash [sha256.Size]byte

// Hash returns the secret's SHA-256. It is for random secrets; a password
// needs a slow hash.
func (s Secret) Hash() TokenHash { return sha256.Sum256([]byte(s.value)) }
