package tenants

import (
	"time"

	"github.com/partywall-go/partywall/domain/limits"
)

// CreationsPerAddress is how many tenants callers who aren't signed in may ask
// for in a minute from one network address.
const CreationsPerAddress = 20

// Limits counts the tenants that callers ask for, in the memory of one process.
// The nil Limits counts nothing.
type Limits struct {
	now       func() time.Time
	creations *limits.Networks
}

// NewLimits returns Limits that have counted nothing yet. A nil now is [time.Now].
func NewLimits(now func() time.Time) *Limits {
	if now == nil {
		now = time.Now
	}
	return &Limits{now: now, creations: limits.NewNetworks(limits.Rate{Count: CreationsPerAddress, Per: time.Minute})}
}

// creation counts a tenant that a caller who isn't signed in asks for.
func (l *Limits) creation(from limits.Address) error {
	if l == nil {
		return nil
	}
	return limits.Check(l.creations.Take(from, l.now()), "tenants are asked for from this address")
}
