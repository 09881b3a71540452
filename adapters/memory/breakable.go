package memory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// Breakable is a system that a test can take away and give back.
type Breakable struct{ broken atomic.Bool }

// Break takes the system away: its methods fail as [domain.Unavailable].
func (b *Breakable) Break() { b.broken.Store(true) }

// Mend gives the system back, with all that it held.
func (b *Breakable) Mend() { b.broken.Store(false) }

// ready returns the context's own error if that is done, and away if the system was
// taken away.
func (b *Breakable) ready(ctx context.Context, away *domain.Error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.broken.Load() {
		return away
	}
	return nil
}

// clock returns now's time in UTC. Nil is [time.Now].
func clock(now func() time.Time) time.Time {
	if now == nil {
		return time.Now().UTC()
	}
	return now().UTC()
}

// set puts value under key into a map that may not exist yet.
func set[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}
