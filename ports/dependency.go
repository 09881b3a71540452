package ports

import "context"

// Dependency is something outside that must be there to serve.
type Dependency interface {
	// Ready returns nil when the dependency can be used now. It looks rather than
	// remembers, asks for as little as it can, and honours ctx's deadline.
	Ready(ctx context.Context) error
}
