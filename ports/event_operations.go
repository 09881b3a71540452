package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// EventOperations is for the operator who looks after the consumers of events.
type EventOperations interface {
	// Consumers returns the state of each consumer, in the order of their names.
	Consumers(ctx context.Context) ([]EventConsumer, error)

	// RetrySetAside has the events that the consumer set aside delivered once more, and
	// returns how many there are. An unknown consumer is [ErrNoConsumer].
	RetrySetAside(ctx context.Context, consumer string) (int, error)

	// RemoveConsumer removes what is stored about a consumer. One that is still at work
	// starts again before the first event. An unknown consumer is [ErrNoConsumer].
	RemoveConsumer(ctx context.Context, consumer string) error
}

// ErrNoConsumer is the error of [EventOperations] for a consumer that it has nothing of.
var ErrNoConsumer = domain.Errorf(domain.NotFound, "there is no such consumer of events; list them to see their names")

// EventConsumer is the state of a consumer.
type EventConsumer struct {
	Name     string
	Lag      int       // events that it was not offered yet
	Oldest   time.Time // of the oldest event that it has not handled and did not set aside; zero: it handled all
	Laggards int       // tenants whose events wait after a failure
	SetAside []EventSetAside
}

// EventSetAside is an event that a consumer gave up.
type EventSetAside struct {
	Event   domain.Event
	Failure string
	At      time.Time // of the last failure
}
