package limits

import "net/netip"

// Address is the network address that a request comes from. The zero Address is
// an unknown one, such as the other end of a Unix socket; all unknown callers
// share one allowance.
type Address struct{ ip netip.Addr }

// AddressOf returns ip as an Address, in one form: an IPv4 address inside an
// IPv6 one (::ffff:192.0.2.1, and 64:ff9b::192.0.2.1, by which a translator
// shows IPv4 callers to IPv6 servers) is the IPv4 address, and a zone is left
// out. The zero netip.Addr gives the zero Address.
func AddressOf(ip netip.Addr) Address {
	ip = ip.Unmap().WithZone("")
	if translated.Contains(ip) {
		bytes := ip.As16()
		ip = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	return Address{ip}
}

// translated holds the IPv4 addresses as RFC 6052 writes them in IPv6.
var translated = netip.MustParsePrefix("64:ff9b::/96")

// IP returns the address in its one form, and the zero netip.Addr if it is unknown.
func (a Address) IP() netip.Addr { return a.ip }

// IsZero reports whether the address is unknown.
func (a Address) IsZero() bool { return a == Address{} }

// String returns the address as text, and "" if it is unknown.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	return a.ip.String()
}

// Network returns the smallest network that one caller has: an IPv4 address by
// itself, or the /64 of an IPv6 address. It is the zero netip.Prefix for an
// unknown address.
func (a Address) Network() netip.Prefix {
	switch {
	case a.IsZero():
		return netip.Prefix{}
	case a.ip.Is4():
		return netip.PrefixFrom(a.ip, a.ip.BitLen())
	}
	return a.within(64)
}

// within returns the network of that many bits around an IPv6 address.
func (a Address) within(bits int) netip.Prefix {
	network, _ := a.ip.Prefix(bits) // fails for a wrong number of bits alone
	return network
}
