// Package argon2 hashes the passwords of the built-in identity provider with Argon2id
// (RFC 9106), at the cost that OWASP's Password Storage Cheat Sheet recommends.
package argon2

import (
	"cmp"
	"context"
	"runtime"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// Config limits how many passwords wait while every core computes a hash. A zero
// field means its default.
type Config struct {
	Queue int           // how many passwords may wait; default: 64
	Wait  time.Duration // how long each of them waits; default: 2 seconds
}

// Hasher hashes passwords. It computes one hash per core at a time, because each takes
// 19 MiB. Further passwords wait as [Config] specifies. Hash and Verify return
// [domain.CodeIdentityProviderUnavailable] if the queue is full or the wait is too
// long.
type Hasher struct{ queue *queue }

// New returns a Hasher with the queue that config describes.
func New(config Config) *Hasher {
	return &Hasher{newQueue(runtime.GOMAXPROCS(0), cmp.Or(config.Queue, 64), cmp.Or(config.Wait, 2*time.Second))}
}

// Hash returns a hash of password in the PHC string format.
func (h *Hasher) Hash(ctx context.Context, password domain.Secret) (string, error) {
	if err := h.queue.enter(ctx); err != nil {
		return "", err
	}
	defer h.queue.leave()
	return newHash(password.Reveal()).String(), nil
}

// Verify reports whether stored is a hash of password. It returns an error if stored
// is not a hash of Argon2id, or one whose parameters are out of bounds.
func (h *Hasher) Verify(ctx context.Context, stored string, password domain.Secret) (bool, error) {
	parsed, err := parse(stored)
	if err != nil {
		return false, err
	}
	if err := h.queue.enter(ctx); err != nil {
		return false, err
	}
	defer h.queue.leave()
	return parsed.matches(password.Reveal()), nil
}

// Decoy returns a hash that no password has. Verifying it takes as long as verifying any
// other hash.
func (h *Hasher) Decoy() string { return decoy().String() }
