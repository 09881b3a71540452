package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Identity is who somebody is: a subject as one identity provider names it.
// Never an address or a user name, which change and collide. The zero Identity
// is nobody.
type Identity struct{ provider, subject string }

const maxIdentityPartLen = 128

// NewIdentity names subject of provider. The provider is a Cognito pool's ID,
// "local" for the built-in one, or else the issuer. Either part is 1 to 128
// bytes of UTF-8 without control characters; anything else is an [Invalid] error.
func NewIdentity(provider, subject string) (Identity, error) {
	if !validIdentityPart(provider) || !validIdentityPart(subject) {
		return Identity{}, Invalidf("sub", "a provider and a subject have 1 to %d bytes and no control characters", maxIdentityPartLen)
	}
	return Identity{provider, subject}, nil
}

func validIdentityPart(s string) bool {
	return s != "" && len(s) <= maxIdentityPartLen && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// Provider returns the name of the provider that vouches for the subject.
func (i Identity) Provider() string { return i.provider }

// Subject returns the provider's name for the person, the "sub" of their tokens.
func (i Identity) Subject() string { return i.subject }

// IsZero reports whether i is nobody.
func (i Identity) IsZero() bool { return i == Identity{} }

// String shows the identity in logs, as provider/subject.
func (i Identity) String() string {
	if i.IsZero() {
		return ""
	}
	return i.provider + "/" + i.subject
}
