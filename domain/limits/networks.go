package limits

import (
	"net/netip"
	"time"
)

// Networks limits callers by the networks that they come from. An IPv4 address
// has the rate, and so has the /64 of an IPv6 one. A site may hold a /56 or a
// /48, so these are counted, too, with 4 and 16 times the rate.
type Networks struct{ table *Table[netip.Prefix] }

// NewNetworks returns Networks of that rate. Count and Per are above zero.
func NewNetworks(rate Rate) *Networks { return &Networks{NewTable[netip.Prefix](rate)} }

// Take uses one up of what from's networks have, and returns 0; or, if nothing is
// left in one of them, it uses nothing up and returns how long it takes until
// there is one.
func (n *Networks) Take(from Address, now time.Time) time.Duration {
	counted := networksOf(from)
	for i, network := range counted {
		if wait := n.table.take(network.prefix, network.times, now); wait > 0 {
			n.giveBack(counted[:i])
			return wait
		}
	}
	return 0
}

// Return gives one back that Take used up.
func (n *Networks) Return(from Address) { n.giveBack(networksOf(from)) }

func (n *Networks) giveBack(counted []network) {
	for _, network := range counted {
		n.table.giveBack(network.prefix, network.times)
	}
}

type network struct {
	prefix netip.Prefix
	times  int // how much of the rate it has
}

// networksOf returns the networks that a caller is counted in. The widest comes
// first, so that one which is exhausted adds no narrower ones to the table.
func networksOf(from Address) []network {
	if !from.ip.Is6() {
		return []network{{from.Network(), 1}}
	}
	return []network{{from.within(48), 16}, {from.within(56), 4}, {from.within(64), 1}}
}
