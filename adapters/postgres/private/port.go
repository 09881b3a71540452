package private

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// freePort finds a port on which nobody listens. It lies below the ranges from
// which operating systems give ports to outgoing connections: one of those
// could otherwise take the port while the server is being restarted.
func freePort() (int, error) {
	const lowest, highest = 20_000, 30_000
	for range 1000 {
		if port := lowest + rand.IntN(highest-lowest); free(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port between %d and %d", lowest, highest)
}

// settle returns port if it's free, and else another.
func settle(port int) (int, error) {
	if port != 0 && free(port) {
		return port, nil
	}
	return freePort()
}

func free(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}
