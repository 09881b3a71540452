package memory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// Breakable is a system that a test can make unavailable, and available again.
type Breakable struct{ broken atomic.Bool }

// Break makes the system unavailable: its methods fail as [domain.Unavailable].
func (b *Breakable) Break() { b.broken.Store(true) }

// Restore makes the system available again, with all that it held.
func (b *Breakable) Restore() { b.broken.Store(false) }

// ready returns the context's own error if the context is done, and unavailable if
// the system is broken.
func (b *Breakable) ready(ctx context.Context, unavailable *domain.Error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.broken.Load() {
		return unavailable
	}
	return nil
}

// clock returns now's time in UTC, in whole microseconds as a database keeps it. Nil is
// [time.Now].
func clock(now func() time.Time) time.Time {
	if now == nil {
		now = time.Now
	}
	return now().UTC().Truncate(time.Microsecond)
}

// set puts value under key into a map that may not exist yet.
func set[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}
