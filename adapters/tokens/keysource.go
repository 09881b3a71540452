package tokens

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"math"

	"github.com/partywall-go/partywall/domain"
)

// KeySource has an issuer's public keys: a [KeySet], or [StaticKeys].
type KeySource interface {
	// key returns the key with exactly that ID, or else errUnknownKey; errNoKeys if it
	// has no keys that may be trusted. It may wait for an issuer.
	key(ctx context.Context, kid string) (*publicKey, error)

	// held returns the key with exactly that ID if it may be trusted at this moment, or
	// else nil. It never waits. The same key is the same pointer.
	held(kid string) *publicKey
}

var (
	errUnknownKey = errors.New("the issuer has no key with that kid")
	errNoKeys     = errors.New("no keys that may be trusted")
)

type publicKey struct {
	id  string
	rsa *rsa.PublicKey
}

// The sizes of RSA keys that are used: a smaller key can be broken (RFC 7518, section
// 3.3), a larger one takes too much time.
const (
	minKeyBits = 2048
	maxKeyBits = 16384
)

// usable reports whether the key's numbers are those of an RSA key for signatures.
func usable(key *rsa.PublicKey) bool {
	bits := key.N.BitLen()
	return minKeyBits <= bits && bits <= maxKeyBits && key.E >= 3 && key.E <= math.MaxInt32 && key.E%2 == 1
}

// StaticKeys is a source of one constant key: our own. The key is an *rsa.PublicKey
// of at least 2048 bits; anything else, and a key ID that no token may have, is a
// [domain.Invalid] error.
func StaticKeys(kid string, key crypto.PublicKey) (KeySource, error) {
	rsaKey, ok := key.(*rsa.PublicKey)
	if !ok || !usable(rsaKey) {
		return nil, domain.Invalidf("key", "a key for RS256 is an RSA key of %d to %d bits", minKeyBits, maxKeyBits)
	}
	if !validKeyID(kid) || kid == emulatorKeyID {
		return nil, domain.Invalidf("kid", "a key ID has 1 to %d of A-Z a-z 0-9 + / = _ . - and is not an emulator's", maxKeyIDLen)
	}
	return &staticKey{publicKey{kid, rsaKey}}, nil
}

type staticKey struct{ only publicKey }

func (s *staticKey) held(kid string) *publicKey {
	if kid != s.only.id {
		return nil
	}
	return &s.only
}

func (s *staticKey) key(_ context.Context, kid string) (*publicKey, error) {
	if key := s.held(kid); key != nil {
		return key, nil
	}
	return nil, errUnknownKey
}
