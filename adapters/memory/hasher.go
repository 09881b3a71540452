package memory

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// Hasher hashes the passwords of the built-in identity provider in a microsecond. It
// is for tests and for installations that end with the program, because a reader of
// such a hash can find its password.
type Hasher struct{}

const (
	hasherPrefix = "sha256$"
	saltSize     = 16
)

var errNotHashed = errors.New("a stored password hash is not one of memory.Hasher")

// Hash returns a salted SHA-256 of password.
func (Hasher) Hash(ctx context.Context, password domain.Secret) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails
	return hashWith(salt, password), nil
}

// Verify reports whether stored is a hash of password.
func (Hasher) Verify(ctx context.Context, stored string, password domain.Secret) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	text, found := strings.CutPrefix(stored, hasherPrefix)
	if !found || len(text) != 2*(saltSize+sha256.Size) {
		return false, errNotHashed
	}
	salt, err := hex.DecodeString(text[:2*saltSize])
	if err != nil {
		return false, errNotHashed
	}
	return subtle.ConstantTimeCompare([]byte(stored), []byte(hashWith(salt, password))) == 1, nil
}

// Decoy returns a hash that no password has.
func (Hasher) Decoy() string {
	random := make([]byte, saltSize+sha256.Size)
	rand.Read(random) // never fails
	return hasherPrefix + hex.EncodeToString(random)
}

func hashWith(salt []byte, password domain.Secret) string {
	sum := sha256.Sum256(append(slices.Clip(salt), password.Reveal()...))
	return hasherPrefix + hex.EncodeToString(salt) + hex.EncodeToString(sum[:])
}
