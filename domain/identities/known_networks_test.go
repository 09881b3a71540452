package identities

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/partywall-go/partywall/domain/limits"
)

func address(ip string) limits.Address { return limits.AddressOf(netip.MustParseAddr(ip)) }

func TestKnownNetworks(t *testing.T) {
	t.Run("are an account's own", func(t *testing.T) {
		k := newKnownNetworks()
		k.add(1, address("192.0.2.1"))
		if !k.has(1, address("192.0.2.1")) || k.has(1, address("192.0.2.2")) || k.has(2, address("192.0.2.1")) {
			t.Error("they are mixed up")
		}
	})
	t.Run("are the /64 of an IPv6 address", func(t *testing.T) {
		k := newKnownNetworks()
		k.add(1, address("2001:db8::1"))
		if !k.has(1, address("2001:db8::2")) || k.has(1, address("2001:db8:0:1::1")) {
			t.Error("they are another network")
		}
	})
	t.Run("are the newest eight of each account", func(t *testing.T) {
		k := newKnownNetworks()
		k.add(1, address("192.0.2.100"))
		for i := range 7 {
			k.add(1, address(fmt.Sprintf("192.0.2.%d", i)))
		}
		k.add(1, address("192.0.2.100")) // again
		k.add(1, address("192.0.2.7"))
		for ip, want := range map[string]bool{"192.0.2.100": true, "192.0.2.7": true, "192.0.2.1": true, "192.0.2.0": false} {
			if k.has(1, address(ip)) != want {
				t.Errorf("%s is known: %v", ip, !want)
			}
		}
	})
	t.Run("are bounded", func(t *testing.T) {
		k := newKnownNetworks()
		k.size = 100
		for account := range uint64(10_000) {
			k.add(account, address("192.0.2.1"))
		}
		if n := len(k.accounts); n != 100 {
			t.Errorf("%d accounts are remembered", n)
		}
		if !k.has(9_999, address("192.0.2.1")) {
			t.Error("the newest one isn't")
		}
	})
}
