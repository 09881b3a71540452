package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Identity identifies a user: a subject as one identity provider names it. It is
// never an address or a user name, which change and collide. The zero Identity
// identifies no user.
type Identity struct{ provider, subject string }

// MaxIdentityPartLen is the most bytes that a provider and a subject each have.
const MaxIdentityPartLen = 128

// NewIdentity returns the identity of subject at provider. The provider is a Cognito
// pool's ID, "local" for the built-in provider, or else the issuer. Either part is 1
// to 128 bytes of UTF-8 without control characters; anything else is an [Invalid]
// error.
func NewIdentity(provider, subject string) (Identity, error) {
	if !validIdentityPart(provider) || !validIdentityPart(subject) {
		return Identity{}, Invalidf("sub", "a provider and a subject have 1 to %d bytes and no control characters", MaxIdentityPartLen)
	}
	return Identity{provider, subject}, nil
}

func validIdentityPart(s string) bool {
	return s != "" && len(s) <= MaxIdentityPartLen && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// Provider returns the name of the provider that vouches for the subject.
func (i Identity) Provider() string { return i.provider }

// Subject returns the provider's name for the user, the "sub" of their tokens.
func (i Identity) Subject() string { return i.subject }

// IsZero reports whether i identifies no user.
func (i Identity) IsZero() bool { return i == Identity{} }

// Require returns an [Invalid] error on field "sub" for the zero Identity.
func (i Identity) Require() error {
	if i.IsZero() {
		return Invalidf("sub", "an identity is required")
	}
	return nil
}

// String returns the identity for logs, as provider/subject.
func (i Identity) String() string {
	if i.IsZero() {
		return ""
	}
	return i.provider + "/" + i.subject
}
