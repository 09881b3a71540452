package limits

import (
	"net/netip"
	"time"
)

// Networks limits callers by the networks that they come from. An IPv4 address has
// the rate, and so has the /64 of an IPv6 address. Because a site may hold a /56 or a
// /48, these are counted, too, with 4 and 16 times the rate.
type Networks struct{ pairs *Pairs[struct{}] }

// NewNetworks returns Networks of that rate. Count and Per are above zero.
func NewNetworks(rate Rate) *Networks { return &Networks{NewPairs[struct{}](rate)} }

// Take uses up one unit of each of from's networks, and returns 0. If one of them has
// nothing left, Take uses nothing up and returns the time until it has.
func (n *Networks) Take(from Address, now time.Time) time.Duration {
	return n.pairs.Take(from, struct{}{}, now)
}

// Return returns a unit that Take used up.
func (n *Networks) Return(from Address) { n.pairs.Return(from, struct{}{}) }

// Pairs limits callers by the networks that they come from together with what they
// ask for: each network has the rate of [Networks] for each subject.
type Pairs[K comparable] struct{ table *Table[pair[K]] }

type pair[K comparable] struct {
	network netip.Prefix
	subject K
}

// NewPairs returns Pairs of that rate. Count and Per are above zero.
func NewPairs[K comparable](rate Rate) *Pairs[K] { return &Pairs[K]{NewTable[pair[K]](rate)} }

// Take is [Networks.Take] for a subject.
func (p *Pairs[K]) Take(from Address, subject K, now time.Time) time.Duration {
	counted := networksOf(from)
	for i, n := range counted {
		if wait := p.table.take(pair[K]{n.prefix, subject}, n.times, now); wait > 0 {
			p.giveBack(counted[:i], subject)
			return wait
		}
	}
	return 0
}

// Return returns a unit that Take used up.
func (p *Pairs[K]) Return(from Address, subject K) { p.giveBack(networksOf(from), subject) }

func (p *Pairs[K]) giveBack(counted []network, subject K) {
	for _, n := range counted {
		p.table.giveBack(pair[K]{n.prefix, subject}, n.times)
	}
}

type network struct {
	prefix netip.Prefix
	times  int // how much of the rate it has
}

// networksOf returns the networks that a caller is counted in. The widest comes
// first, so that an exhausted network adds no narrower ones to the table.
func networksOf(from Address) []network {
	if !from.ip.Is6() {
		return []network{{from.Network(), 1}}
	}
	return []network{{from.within(48), 16}, {from.within(56), 4}, {from.within(64), 1}}
}

// Share is one of the networks that a caller is counted in, and how many times the
// allowance of one caller it has.
type Share struct {
	Network netip.Prefix
	Times   int
}

// Shares returns the networks that callers from the address are counted in, the
// widest first, for a count that isn't a [Rate].
func (a Address) Shares() []Share {
	var shares []Share
	for _, network := range networksOf(a) {
		shares = append(shares, Share{network.prefix, network.times})
	}
	return shares
}
