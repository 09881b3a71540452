package web

import (
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/partywall-go/partywall/domain/limits"
)

// proxies are the addresses whose X-Forwarded-For is trusted.
type proxies []netip.Prefix

// newProxies returns the networks in the one form that addresses are compared in:
// IPv4 as IPv4, however it is written.
func newProxies(trusted []netip.Prefix) proxies {
	var p proxies
	for _, network := range trusted {
		addr, bits := network.Addr().WithZone(""), network.Bits()
		if addr.Is4In6() && bits >= 96 {
			addr, bits = addr.Unmap(), bits-96
		}
		if network = netip.PrefixFrom(addr, bits); network.IsValid() {
			p = append(p, network.Masked())
		}
	}
	return p
}

// noticeProxy logs once that requests come through a proxy that is not trusted. Only
// an address of a private network is likely to be a proxy, because any caller may
// send the header.
func (k *Kernel) noticeProxy(r *http.Request) {
	if r.Header["X-Forwarded-For"] == nil {
		return
	}
	peer, ok := parseHop(r.RemoteAddr)
	if !ok || !peer.IsPrivate() && !peer.IsLoopback() && !peer.IsLinkLocalUnicast() || k.proxies.trust(peer) {
		return
	}
	k.unnamed.Do(func() {
		k.logger.WarnContext(r.Context(), "X-Forwarded-For is ignored, because its sender is not a trusted proxy; all callers behind it count as one address", "proxy", peer.String(), "fix", "add the address to TRUSTED_PROXIES if the proxy is yours")
	})
}

// AddressOf returns the network address of a request's caller: the connection's, or
// the address that a trusted proxy reports. It is the zero Address if the connection
// has none, as on a Unix socket. It logs a proxy on the way that is not trusted.
func (k *Kernel) AddressOf(r *http.Request) limits.Address {
	k.noticeProxy(r)
	return k.proxies.caller(r)
}

func (p proxies) caller(r *http.Request) limits.Address {
	peer, ok := parseHop(r.RemoteAddr)
	if !ok {
		return limits.Address{}
	}
	return limits.AddressOf(p.origin(peer, r.Header["X-Forwarded-For"]))
}

// origin walks from the connection's peer towards the caller, as long as each hop is
// trusted. The entries beyond the first hop that is not trusted may be forged by that
// hop.
func (p proxies) origin(peer netip.Addr, forwarded []string) netip.Addr {
	addr := peer
	for hop := range hopsFromRight(forwarded) {
		if !p.trust(addr) {
			break
		}
		before, ok := parseHop(hop)
		if !ok {
			break
		}
		addr = before
	}
	return addr
}

func (p proxies) trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(addr) })
}

// hopsFromRight yields the entries of X-Forwarded-For, the nearest first. Several
// lines are one list (RFC 9110, section 5.3).
func hopsFromRight(lines []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range slices.Backward(lines) {
			for more := true; more; {
				comma := strings.LastIndexByte(line, ',')
				if !yield(line[comma+1:]) {
					return
				}
				if more = comma >= 0; more {
					line = line[:comma]
				}
			}
		}
	}
}

// parseHop reads an address with or without a port or brackets. One of IPv4
// written as IPv6 (::ffff:192.0.2.1) is the IPv4 address.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.Trim(s, " \t")
	if addrPort, err := netip.ParseAddrPort(s); err == nil {
		return addrPort.Addr().Unmap().WithZone(""), true
	}
	if inner, bracketed := strings.CutPrefix(s, "["); bracketed {
		s = strings.TrimSuffix(inner, "]")
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}
