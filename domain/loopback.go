package domain

import (
	"net/netip"
	"strings"
)

// IsLoopback reports whether host is localhost or a loopback address, so that what is
// sent there stays on this machine. It resolves no other name.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
