package limits

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func from(s string) Address { return AddressOf(netip.MustParseAddr(s)) }

func TestAnAddressHasOneForm(t *testing.T) {
	for _, c := range []struct{ written, form, network string }{
		{"192.0.2.7", "192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7/32"},
		{"::ffff:c000:207", "192.0.2.7", "192.0.2.7/32"},
		{"::ffff:192.0.2.7%eth0", "192.0.2.7", "192.0.2.7/32"},
		{"64:ff9b::192.0.2.7", "192.0.2.7", "192.0.2.7/32"},
		{"2001:DB8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::1", "fe80::/64"},
	} {
		a := from(c.written)
		if a.String() != c.form || a.IP().String() != c.form || a.Network().String() != c.network {
			t.Errorf("%s is %s in %s", c.written, a, a.Network())
		}
	}
	if unknown := AddressOf(netip.Addr{}); !unknown.IsZero() || unknown.String() != "" || unknown.Network().IsValid() {
		t.Errorf("no address is %q", unknown)
	}
}

// allowed counts how many of so many requests are let through, each from the
// address that addressOf makes for it.
func allowed(n *Networks, requests int, addressOf func(i int) string) (count int) {
	for i := range requests {
		if n.Take(from(addressOf(i)), start) == 0 {
			count++
		}
	}
	return count
}

func TestNetworksAreCountedBySize(t *testing.T) {
	for _, c := range []struct {
		network string
		address func(i int) string
		want    int
	}{
		{"an IPv4 address", func(int) string { return "192.0.2.1" }, 10},
		{"a neighbouring IPv4 address each time", func(i int) string { return fmt.Sprintf("192.0.%d.%d", i/256, i%256) }, 1000},
		{"a /64", func(i int) string { return fmt.Sprintf("2001:db8:1:1::%x", i) }, 10},
		{"a /56", func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%256) }, 40},
		{"a /48", func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i*256%65536) }, 160},
		{"another /48 each time", func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i) }, 1000},
	} {
		if got := allowed(NewNetworks(aMinute(10)), 1000, c.address); got != c.want {
			t.Errorf("%s is allowed %d, not %d", c.network, got, c.want)
		}
	}
}

func TestAnExhaustedNetworkUsesNothingUpOfWiderOnes(t *testing.T) {
	n := NewNetworks(aMinute(10))
	if got := allowed(n, 10_000, func(i int) string { return fmt.Sprintf("2001:db8:1:1::%x", i) }); got != 10 {
		t.Fatalf("the /64 is allowed %d", got)
	}
	if got := allowed(n, 10, func(int) string { return "2001:db8:1:2::1" }); got != 10 {
		t.Errorf("its neighbour in the /56 is allowed %d", got)
	}
}

func TestWhatNetworksTakeBackDoesNotCountAnywhere(t *testing.T) {
	n := NewNetworks(aMinute(10))
	for i := range 10_000 {
		address := from(fmt.Sprintf("2001:db8:1:%x::1", i%512))
		if wait := n.Take(address, start); wait != 0 {
			t.Fatalf("number %d has to wait %s", i, wait)
		}
		n.Return(address)
	}
}

func TestUnknownCallersShareOneAllowance(t *testing.T) {
	n := NewNetworks(aMinute(10))
	for range 10 {
		n.Take(Address{}, start)
	}
	if wait := n.Take(Address{}, start); wait != 6*time.Second {
		t.Errorf("the wait is %s, not 6s", wait)
	}
	if wait := n.Take(from("::"), start); wait != 0 {
		t.Errorf("the address :: is taken for an unknown one")
	}
}
