package childserver

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Loopback is the address that our servers listen on.
const Loopback = "127.0.0.1"

// FreePort returns a port of [Loopback] on which no process listens. It is below the
// ranges from which operating systems choose ports for outgoing connections, because
// one of those could otherwise take the port while the server is being restarted.
func FreePort() (int, error) {
	const lowest, highest = 10_000, 30_000
	for range 1000 {
		if port := lowest + rand.IntN(highest-lowest); Free(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", lowest, highest)
}

// Free reports whether no process listens on the port of [Loopback].
func Free(port int) bool {
	listener, err := net.Listen("tcp", Address(port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// Address returns the port on [Loopback], as host:port.
func Address(port int) string { return net.JoinHostPort(Loopback, strconv.Itoa(port)) }
