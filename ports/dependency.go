package ports

import "context"

// Dependency is an outside system that Partywall needs in order to serve.
type Dependency interface {
	// Ready returns nil if the dependency can be used now. It asks the dependency itself
	// and returns no remembered answer, asks for as little as it can, and honours ctx's
	// deadline.
	Ready(ctx context.Context) error
}
