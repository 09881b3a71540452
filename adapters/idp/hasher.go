package idp

import (
	"context"

	"github.com/partywall-go/partywall/domain"
)

// Hasher hashes passwords. Package argon2 contains the Hasher for real accounts; tests
// may use a cheaper one.
type Hasher interface {
	// Hash returns a text to store in place of password.
	Hash(ctx context.Context, password domain.Secret) (string, error)

	// Verify reports whether stored is a hash of password. Its time does not depend
	// on where the two differ. It returns an error for a text that Hash cannot have made.
	Verify(ctx context.Context, stored string, password domain.Secret) (bool, error)

	// Decoy returns a text that is not the hash of any password and takes as long to
	// verify. The provider verifies against it when an address has no account.
	Decoy() string
}

// hash hashes a password for the store.
func (p *Provider) hash(ctx context.Context, password domain.Secret) (string, error) {
	hash, err := p.hasher.Hash(ctx, normalPassword(password))
	return hash, identityError(err)
}

// verify reports whether stored is a hash of password.
func (p *Provider) verify(ctx context.Context, stored string, password domain.Secret) (bool, error) {
	right, err := p.hasher.Verify(ctx, stored, normalPassword(password))
	return right, identityError(err)
}
