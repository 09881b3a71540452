package access

import (
	"crypto/subtle"
	"strings"

	"github.com/partywall-go/partywall/domain"
)

// Operator is a proof that the caller operates the installation. Only
// [OperatorKeys.Prove] and [Installation] build one. The zero Operator may do nothing.
type Operator struct{ proven bool }

// IsZero reports whether o proves nothing.
func (o Operator) IsZero() bool { return !o.proven }

// Require returns nil, and a [domain.Forbidden] error if o is the zero Operator.
func (o Operator) Require() error {
	if !o.proven {
		return domain.Errorf(domain.Forbidden, "only the operator of this installation may do that")
	}
	return nil
}

// Installation returns the proof of an operator to a program that holds the
// credentials of the installation itself, such as its command line. A program must
// not call it to serve a request.
func Installation() Operator { return Operator{proven: true} }

// OperatorKeys are the tokens that operators send. The zero OperatorKeys prove no
// operator.
type OperatorKeys struct{ hashes []domain.TokenHash }

// IsZero reports whether there are no keys, so that no caller is the operator.
func (k OperatorKeys) IsZero() bool { return len(k.hashes) == 0 }

const (
	minOperatorKeyLen = 32
	maxOperatorKeys   = 2
)

// ParseOperatorKeys reads one token, or two separated by a comma while they are
// being changed, each of at least 32 bytes. The empty string has none.
func ParseOperatorKeys(s domain.Secret) (OperatorKeys, error) {
	if s.IsZero() {
		return OperatorKeys{}, nil
	}
	var keys OperatorKeys
	for key := range strings.SplitSeq(s.Reveal(), ",") {
		key = strings.TrimSpace(key)
		if len(key) < minOperatorKeyLen {
			return OperatorKeys{}, domain.Invalidf("operatorToken", "an operator token has at least %d bytes; make one with: openssl rand -hex 32", minOperatorKeyLen)
		}
		keys.hashes = append(keys.hashes, domain.NewSecret(key).Hash())
	}
	if len(keys.hashes) > maxOperatorKeys {
		return OperatorKeys{}, domain.Invalidf("operatorToken", "there are at most %d operator tokens, the old one and the new one", maxOperatorKeys)
	}
	return keys, nil
}

// Prove reports whether token is one of the keys, in a time that does not depend
// on how many of its bytes are right.
func (k OperatorKeys) Prove(token domain.Secret) (Operator, bool) {
	if len(k.hashes) == 0 {
		return Operator{}, false
	}
	hash, match := token.Hash(), 0
	for _, key := range k.hashes {
		match |= subtle.ConstantTimeCompare(key[:], hash[:])
	}
	return Operator{match == 1}, match == 1
}
