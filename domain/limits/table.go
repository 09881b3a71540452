// Package limits counts what callers do, by network address or any other key,
// and refuses what exceeds a rate. It counts in the memory of one process.
package limits

import (
	"sync"
	"time"
)

// Rate is how much a key may do: Count at once, and as much again in each Per.
type Rate struct {
	Count int
	Per   time.Duration
}

// interval is the time in which a key with times the rate recovers one unit.
func (r Rate) interval(times int) time.Duration { return r.Per / time.Duration(r.Count*times) }

// Table limits each of its keys to a [Rate]. It holds a bounded number of keys.
//
// A new key in a full table replaces a key that has used little, out of a few picked
// at random: to free a key that has used much, a caller must use as much with
// thousands of others.
//
// A Table may be used by many goroutines at once. Times passed to it come from one
// clock.
type Table[K comparable] struct {
	rate Rate
	size int

	mu sync.Mutex
	// recovered is the time at which a key has recovered everything, unless it takes
	// more: the generic cell rate algorithm needs no other state.
	recovered map[K]time.Time
}

const (
	maxKeys       = 1 << 15 // some 3 MiB
	evictionPicks = 16
)

// NewTable returns a Table of that rate. Count and Per are above zero.
func NewTable[K comparable](rate Rate) *Table[K] {
	return &Table[K]{rate: rate, size: maxKeys, recovered: make(map[K]time.Time)}
}

// Take uses up one unit of key, and returns 0. If nothing is left, Take uses nothing
// up and returns the time until there is a unit.
func (t *Table[K]) Take(key K, now time.Time) time.Duration { return t.take(key, 1, now) }

// take is Take for a key that has times the rate.
func (t *Table[K]) take(key K, times int, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	recovered, found := t.recovered[key]
	if recovered.Before(now) {
		recovered = now
	}
	recovered = recovered.Add(t.rate.interval(times))
	if wait := recovered.Sub(now) - t.rate.Per; wait > 0 {
		return wait
	}
	if !found && len(t.recovered) >= t.size {
		t.evict(now)
	}
	t.recovered[key] = recovered
	return 0
}

// Return returns a unit that Take used up, as for a request that turned out not to
// count. A key never has more than its rate.
func (t *Table[K]) Return(key K) { t.giveBack(key, 1) }

func (t *Table[K]) giveBack(key K, times int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if recovered, found := t.recovered[key]; found {
		t.recovered[key] = recovered.Add(-t.rate.interval(times))
	}
}

// evict removes the keys, of a few that the map's random order begins with, that have
// recovered everything, and the least used of them if there is none.
func (t *Table[K]) evict(now time.Time) {
	var least K
	var soonest time.Time
	picked, before := 0, len(t.recovered)
	for key, recovered := range t.recovered {
		if !recovered.After(now) {
			delete(t.recovered, key)
		} else if soonest.IsZero() || recovered.Before(soonest) {
			least, soonest = key, recovered
		}
		if picked++; picked == evictionPicks {
			break
		}
	}
	if len(t.recovered) == before {
		delete(t.recovered, least)
	}
}
