package setup

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
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
			case !busy(err):
				return schema.RefusedFile(err, gone)
			case time.Now().After(until):
				return s.locked(ctx, err)
			case attempt == 0:
				s.report("waiting for a lock: " + complaintOf(err))
			}
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
	}
}

// complaintOf is an error for a report, with the file that it was in.
func complaintOf(err error) string {
	if e, ok := errors.AsType[*schema.FileError](err); ok {
		return e.Error()
	}
	return pg.Complaint(err)
}

// locked is the end of setup's patience, with the sessions that it waited for.
func (s *setup) locked(ctx context.Context, err error) error {
	return pg.Refusal(pg.CodeLocked, nil, "%s: %s", complaintOf(err), s.holders(ctx))
}

// holders says which sessions stand in the way of an attempt that failed.
func (s *setup) holders(ctx context.Context) string {
	advice := "end what holds the lock, or wait for it, then " + s.cfg.SetItUp()
	var sessions []string
	const query = `
		SELECT DISTINCT format('session %s of %s', l.pid, coalesce(a.usename, '?'))
		FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
		WHERE l.granted AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
		AND l.relation IN (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'tenant\_%' OR n.nspname IN ('shared', 'partywall'))
		AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
		ORDER BY 1`
	failed := pg.InScope(ctx, s.pool, s.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &sessions, query)
	})
	if failed != nil || len(sessions) == 0 {
		return advice
	}
	return fmt.Sprintf("locks are held by %s: %s", pg.FirstFew(sessions), advice)
}

// busy reports whether what failed may succeed once other sessions have ended
// their transactions.
func busy(err error) bool {
	if e := pg.ServerError(err); e == nil || pg.Raised(e) {
		return false
	}
	switch pg.SQLState(err) {
	case pqerror.LockNotAvailable, pqerror.TRDeadlockDetected, pqerror.TRSerializationFailure:
		return true
	}
	return false
}

// gone reports whether the connection ended, so that the next statement would fail,
// too. Unlike [pg.Unavailable] it takes nothing that a file says for that.
func gone(err error) bool {
	if e := pg.ServerError(err); e != nil {
		return pg.Fatal(e)
	}
	return pg.Lost(err)
}
