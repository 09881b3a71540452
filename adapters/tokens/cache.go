package tokens

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// verified is what the cache keeps of a token that passed every rule.
type verified struct {
	identity  domain.Identity
	expiresAt time.Time
	keys      KeySource
	key       *publicKey
}

// stands reports whether the token is still valid: it has not expired, and the key
// that signed it is still the issuer's.
func (v *verified) stands(now time.Time) bool {
	return v.expiresAt.After(now) && v.keys.held(v.key.id) == v.key
}

// digest is the token's [domain.Secret.Hash]. It hashes a token of usual length on
// the stack, because this is most of the cost of a cached token.
func digest(token string) domain.TokenHash {
	var space [2048]byte
	return sha256.Sum256(append(space[:0], token...))
}

const shardCount = 16

// cache keeps verified tokens under the hashes of all their bytes. It has shards so
// that requests seldom wait for the same lock.
type cache [shardCount]shard

type shard struct {
	mu      sync.Mutex
	entries map[domain.TokenHash]verified
	limit   int
}

func newCache(size int) *cache {
	c := new(cache)
	for i := range c {
		c[i].entries = make(map[domain.TokenHash]verified)
		c[i].limit = (size + shardCount - 1) / shardCount
	}
	return c
}

func (c *cache) get(hash domain.TokenHash) (verified, bool) {
	s := &c[hash[0]%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.entries[hash]
	return v, ok
}

func (c *cache) put(hash domain.TokenHash, v verified, now time.Time) {
	s := &c[hash[0]%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.entries[hash]; !known && len(s.entries) >= s.limit {
		s.evict(now)
	}
	s.entries[hash] = v
}

// evict makes room: of a few entries, in the map's random order, it removes those
// that are no longer valid, or else the one that expires first.
func (s *shard) evict(now time.Time) {
	const few = 8
	var next domain.TokenHash
	var soonest time.Time
	looked, removed := 0, 0
	for hash, v := range s.entries {
		switch {
		case !v.stands(now):
			delete(s.entries, hash)
			removed++
		case soonest.IsZero() || v.expiresAt.Before(soonest):
			next, soonest = hash, v.expiresAt
		}
		if looked++; looked == few {
			break
		}
	}
	if removed == 0 {
		delete(s.entries, next)
	}
}
