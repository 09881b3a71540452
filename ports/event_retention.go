package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// EventRetention ends the life of events.
type EventRetention interface {
	// RemoveEvents removes events that are older than age, and returns how many. It keeps
	// those that have no position, and those that a consumer has not handled or has set
	// aside.
	RemoveEvents(ctx context.Context, age time.Duration) (int, error)

	// BlankAddresses removes what [domain.Event.WithoutAddresses] leaves out from all
	// events of the tenant ID. The zero TenantID is [domain.Invalid].
	BlankAddresses(ctx context.Context, id domain.TenantID) error
}
