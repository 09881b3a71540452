package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// EventReader reads the events that have a position.
type EventReader interface {
	// Events returns the events that match the query in the order of their positions, at
	// most query.Limit of them. A reader who continues after the last position that it
	// got misses no event.
	Events(ctx context.Context, query EventQuery) ([]domain.Event, error)
}

// EventQuery selects events. The zero value of each field selects all.
type EventQuery struct {
	Tenant  domain.TenantID
	Current bool // of the tenant that has the ID now, and of no earlier one
	Kind    domain.EventKind
	Since   time.Time
	After   int64 // a position
	Limit   int   // zero: no events
}
