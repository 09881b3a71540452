package embeddedpg

import "github.com/partywall-go/partywall/adapters/internal/childserver"

// settle returns port if it is free, and another free port otherwise.
func settle(port int) (int, error) {
	if port != 0 && childserver.Free(port) {
		return port, nil
	}
	return childserver.FreePort()
}
