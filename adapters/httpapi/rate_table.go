package httpapi

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rateTable limits each key to so much a minute. It holds so many keys at most.
//
// When it is full, a newcomer takes the place of a key that has used little,
// out of a few picked at random: to free a key that has used much, one must use
// as much with thousands of others.
type rateTable[K comparable] struct {
	perMinute int
	size      int

	mu   sync.Mutex
	keys map[K]*rate.Limiter
}

const (
	maxRateKeys   = 1 << 15 // some 5 MiB
	evictionPicks = 16
)

func newRateTable[K comparable](perMinute int) *rateTable[K] {
	return &rateTable[K]{perMinute: perMinute, size: maxRateKeys, keys: make(map[K]*rate.Limiter)}
}

// take uses one of key's up, or returns how long it takes until there is one.
func (t *rateTable[K]) take(key K, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	limiter, found := t.keys[key]
	if !found {
		if len(t.keys) >= t.size {
			t.evict(now)
		}
		limiter = rate.NewLimiter(rate.Limit(float64(t.perMinute)/60), t.perMinute)
		t.keys[key] = limiter
	}
	if limiter.AllowN(now, 1) {
		return 0
	}
	missing := 1 - limiter.TokensAt(now)
	return max(1, time.Duration(missing/float64(limiter.Limit())*float64(time.Second)))
}

// evict removes the keys, of a few that the map's random order begins with, that
// have recovered everything, and the least used one where there is none.
func (t *rateTable[K]) evict(now time.Time) {
	var least K
	most, picked, before := -1.0, 0, len(t.keys)
	for key, limiter := range t.keys {
		tokens := limiter.TokensAt(now)
		if tokens >= float64(t.perMinute) {
			delete(t.keys, key)
		} else if tokens > most {
			least, most = key, tokens
		}
		if picked++; picked == evictionPicks {
			break
		}
	}
	if len(t.keys) == before {
		delete(t.keys, least)
	}
}
