package setup

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// A migration waits for locks that other sessions hold, and all that want the
// table after it wait for the migration. So setup gives a lock up soon, and tries
// again later.

// firstLockWait is how long a first attempt waits for a lock. Each later one waits
// twice as long, up to [Config.LockTimeout].
const firstLockWait = 500 * time.Millisecond

func (s *setup) waitForLocks(attempt int) {
	s.lockWait = min(s.cfg.LockTimeout, firstLockWait<<min(attempt, 10))
}

// pause waits before the next attempt: longer each time, and never as long as
// another setup that waits for the same.
func pause(ctx context.Context, attempt int) error {
	longest := min(100*time.Millisecond<<min(attempt, 10), 5*time.Second)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(longest/2 + rand.N(longest/2)):
		return nil
	}
}

// patiently returns step with repetitions: while a lock that it needs is held, it
// is tried again until [Config.MigrationPatience] ends.
func (s *setup) patiently(step func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		until := time.Now().Add(s.cfg.MigrationPatience)
		for attempt := 0; ; attempt++ {
			s.waitForLocks(attempt)
			err := step(ctx)
			switch {
			case !schema.Busy(err):
				return schema.RefusedFile(err, schema.Lost)
			case time.Now().After(until):
				return inspection.Locked(ctx, s.pool, s.cfg, err)
			case attempt == 0:
				s.report("waiting for a lock: " + schema.Complaint(err))
			}
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
	}
}
