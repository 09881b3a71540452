package web

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestTheCallersNetwork(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	tests := []struct {
		promise   string
		remote    string
		forwarded []string
		want      string
	}{
		{"is the connection's address", "192.0.2.7:4000", nil, "192.0.2.7/32"},
		{"of IPv6 is the /64", "[2001:db8:1:2:3:4:5:6]:4000", nil, "2001:db8:1:2::/64"},
		{"of a zone is that of the address", "[fe80::1%eth0]:4000", nil, "fe80::/64"},
		{"of IPv4 written as IPv6 is that of IPv4", "[::ffff:192.0.2.7]:4000", nil, "192.0.2.7/32"},
		{"is not the claim of an untrusted caller", "192.0.2.7:4000", []string{"198.51.100.1"}, "192.0.2.7/32"},
		{"is the one that a trusted proxy reports", "10.0.0.1:4000", []string{"198.51.100.1"}, "198.51.100.1/32"},
		{"is the proxy's if the proxy reports none", "10.0.0.1:4000", nil, "10.0.0.1/32"},
		{"is the first untrusted address from the right", "10.0.0.1:4000", []string{"203.0.113.9, 198.51.100.1, 10.0.0.2"}, "198.51.100.1/32"},
		{"is read across lines", "10.0.0.1:4000", []string{"203.0.113.9", "198.51.100.1", "10.0.0.2"}, "198.51.100.1/32"},
		{"is the farthest one if all are trusted", "10.0.0.1:4000", []string{"10.0.0.3,10.0.0.2"}, "10.0.0.3/32"},
		{"is the last valid one if the list is broken", "10.0.0.1:4000", []string{"198.51.100.1, unknown, 10.0.0.2"}, "10.0.0.2/32"},
		{"is reported with a port", "10.0.0.1:4000", []string{"198.51.100.1:33000"}, "198.51.100.1/32"},
		{"is reported in brackets", "10.0.0.1:4000", []string{"[2001:db8::9]"}, "2001:db8::/64"},
		{"is reported in brackets with a port", "10.0.0.1:4000", []string{"[2001:db8::9]:443"}, "2001:db8::/64"},
		{"is reported by an IPv6 proxy", "[2001:db8:ffff::1]:4000", []string{"::ffff:198.51.100.1"}, "198.51.100.1/32"},
		{"is reported by a proxy behind a dual-stack socket", "[::ffff:10.0.0.1]:4000", []string{"198.51.100.1"}, "198.51.100.1/32"},
		{"of an empty entry is the proxy's", "10.0.0.1:4000", []string{""}, "10.0.0.1/32"},
		{"of a Unix socket is none", "@", []string{"198.51.100.1"}, "invalid Prefix"},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			r := &http.Request{RemoteAddr: test.remote, Header: http.Header{"X-Forwarded-For": test.forwarded}}
			if got := trusted.caller(r).Network().String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestAProxyIsTrustedInEverySpellingOfItsNetwork(t *testing.T) {
	for _, network := range []string{"10.0.0.0/8", "10.1.2.3/8", "::ffff:10.0.0.0/104", "::ffff:a00:0/104", "::ffff:10.1.2.3/128"} {
		trusted := newProxies([]netip.Prefix{{}, netip.MustParsePrefix(network)})
		for _, peer := range []string{"10.1.2.3:4000", "[::ffff:10.1.2.3]:4000"} {
			r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {"198.51.100.1"}}}
			if got := trusted.caller(r).String(); got != "198.51.100.1" {
				t.Errorf("%s is not trusted by %s: the caller is %s", peer, network, got)
			}
		}
		r := &http.Request{RemoteAddr: "192.0.2.7:4000", Header: http.Header{"X-Forwarded-For": {"198.51.100.1"}}}
		if got := trusted.caller(r).String(); got != "192.0.2.7" {
			t.Errorf("an address outside of %s is trusted", network)
		}
	}
}

func TestAnEndlessForwardedListIsReadFromItsEndOnly(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8")}
	r := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {strings.Repeat("10.9.9.9,", 3000) + "198.51.100.1"}}}
	if allocs := testing.AllocsPerRun(10, func() { trusted.caller(r).Network() }); allocs > 10 {
		t.Errorf("%v allocations", allocs)
	}
}

func FuzzTheCallersNetwork(f *testing.F) {
	f.Add("192.0.2.7:4000", "198.51.100.1, 10.0.0.2")
	f.Add("[fe80::1%eth0]:1", "[::1]:80,,")
	f.Add("10.0.0.1:1", "::ffff:1.2.3.4%zone")
	f.Add("10.0.0.1:1", "[[::1]")
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::/0")}
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := &http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {forwarded}}}
		network := trusted.caller(r).Network()
		if !network.IsValid() {
			if _, ok := parseHop(remote); ok {
				t.Fatalf("no network for %q, %q", remote, forwarded)
			}
			return
		}
		if network != network.Masked() || network.Addr().Zone() != "" || network.Addr().Is4In6() {
			t.Fatalf("%s is not a network in its one form", network)
		}
		if alone := (proxies{}).caller(r).Network(); alone.IsValid() {
			if peer, _ := parseHop(remote); !alone.Contains(peer) {
				t.Fatalf("%q changed the address of an untrusted caller from %s to %s", forwarded, peer, alone)
			}
		}
	})
}
