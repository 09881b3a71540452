package identities

import (
	"hash/maphash"
	"net/netip"
	"sync"

	"github.com/partywall-go/partywall/domain/limits"
)

// knownNetworks remembers the networks from which users proved that an account is
// theirs: the newest 8 networks of each of 32,768 accounts, hashed, in the memory of
// one process. A restart forgets them. In a full memory, a new account replaces the
// account whose newest proof is the oldest of a few picked at random.
type knownNetworks struct {
	seed maphash.Seed

	mu       sync.Mutex
	accounts map[uint64]*knownAccount
	size     int
	turn     uint64 // counts proofs
}

type knownAccount struct {
	networks [8]uint64 // the newest first; 0 is an empty place
	proven   uint64    // the turn of its newest proof
}

func newKnownNetworks() *knownNetworks {
	return &knownNetworks{seed: maphash.MakeSeed(), accounts: make(map[uint64]*knownAccount), size: 1 << 15}
}

// has reports whether account was proven from the network of from. An unknown address
// proves no account.
func (k *knownNetworks) has(account uint64, from limits.Address) bool {
	if from.IsZero() {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	known := k.accounts[account]
	return known != nil && known.index(k.hash(from.Network())) >= 0
}

// add remembers that account was proven from the network of from.
func (k *knownNetworks) add(account uint64, from limits.Address) {
	if from.IsZero() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	known := k.accounts[account]
	if known == nil {
		if len(k.accounts) >= k.size {
			k.evict()
		}
		known = &knownAccount{}
		k.accounts[account] = known
	}
	k.turn++
	known.proven = k.turn
	known.add(k.hash(from.Network()))
}

func (k *knownNetworks) hash(network netip.Prefix) uint64 {
	return maphash.Comparable(k.seed, network) | 1 // never 0
}

func (a *knownAccount) index(network uint64) int {
	for i, known := range a.networks {
		if known == network {
			return i
		}
	}
	return -1
}

// add puts network first. It replaces its own earlier entry, or else the oldest
// entry.
func (a *knownAccount) add(network uint64) {
	last := a.index(network)
	if last < 0 {
		last = len(a.networks) - 1
	}
	copy(a.networks[1:last+1], a.networks[:last])
	a.networks[0] = network
}

const evictionPicks = 16

func (k *knownNetworks) evict() {
	var oldest, proven uint64
	picked := 0
	for account, known := range k.accounts {
		if picked == 0 || known.proven < proven {
			oldest, proven = account, known.proven
		}
		if picked++; picked == evictionPicks {
			break
		}
	}
	delete(k.accounts, oldest)
}
