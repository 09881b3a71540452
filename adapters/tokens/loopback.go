package tokens

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"syscall"

	"github.com/partywall-go/partywall/domain"
)

// The keys that emulators sign with are published, private keys included: their
// signatures prove nothing beyond the machine that they run on.
const (
	emulatorKeyID      = "CognitoLocal" // cognito-local's one key
	emulatorPoolPrefix = "local_"       // of cognito-local's pool IDs
)

// isEmulated reports whether a pool ID, or a URL with one in its path, is an
// emulator's.
func isEmulated(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(segment, emulatorPoolPrefix) {
			return true
		}
	}
	return false
}

// onLoopback reports whether the host of a URL is this machine.
func onLoopback(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && domain.IsLoopback(u.Hostname())
}

// dialLoopback is the Control of a [net.Dialer]: it connects only to loopback,
// whatever a name resolves to.
func dialLoopback(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !addr.Addr().IsLoopback() {
		return fmt.Errorf("%s is not loopback", address)
	}
	return nil
}
