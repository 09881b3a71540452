package ports

import (
	"context"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// EventConsumers delivers events to consumers, each of which has a name and a
// position. A consumer that does not exist yet starts before the first event.
//
// One process works for a consumer at a time: the holder of its lease. Next and Settle
// return [ErrLeaseLost] to any other process, and extend the lease of the holder. A
// lease without a consumer's name, a holder or a duration is [domain.Invalid].
type EventConsumers interface {
	// Acquire takes the lease if no other process holds it, and reports whether the
	// caller holds it now. The holder extends it in the same way.
	Acquire(ctx context.Context, lease EventLease) (bool, error)

	// Release ends the lease if the caller holds it.
	Release(ctx context.Context, lease EventLease) error

	// Next returns events to deliver in this order, at most limit of them: those whose
	// retry the operator requested, those of tenants that a failure delayed, and new ones.
	// Events that are not settled are returned again.
	//
	// The events of one tenant are returned in the order of their positions. After a
	// failure, the next events of that tenant wait until the failed one is handled or set
	// aside; those of all other tenants do not wait.
	Next(ctx context.Context, lease EventLease, limit int) ([]EventDelivery, error)

	// Settle records the result of a delivery.
	Settle(ctx context.Context, lease EventLease, event domain.Event, result EventResult) error
}

// EventLease identifies a process that works for a consumer.
type EventLease struct {
	Consumer string
	Holder   string        // unique to the process, or to a part of it
	Duration time.Duration // from when it is taken, and again from each renewal
}

// EventDelivery is an event to be delivered.
type EventDelivery struct {
	Event    domain.Event
	Failures int  // of deliveries of the event before this one
	Retry    bool // the event was set aside, and the operator requested another attempt
}

// EventResult is the result of a delivery. The zero EventResult is a success.
type EventResult struct {
	Failure    string        // empty: a success
	SetAside   bool          // the failure is final: the event waits for the operator, and the tenant's next events do not
	RetryAfter time.Duration // until the next attempt, unless the failure is final
}

// ErrLeaseLost is the error of [EventConsumers] for a process that does not hold the
// lease, or no longer.
var ErrLeaseLost = domain.Errorf(domain.Conflict, "another process works for this consumer of events")

// Validate returns a [domain.Invalid] error if the lease lacks its consumer, its
// holder or its duration.
func (l EventLease) Validate() error {
	if l.Consumer == "" || l.Holder == "" || l.Duration <= 0 {
		return domain.Invalidf("consumer", "a lease names a consumer and a holder, and lasts for some time")
	}
	return nil
}
