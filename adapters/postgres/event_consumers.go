package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Acquire implements [ports.EventConsumers].
func (s *Events) Acquire(ctx context.Context, lease ports.EventLease) (acquired bool, err error) {
	err = s.inTransaction(ctx, lease, "lease a consumer", func(ctx context.Context, tx *sqlx.Tx) error {
		taken, err := tx.ExecContext(ctx, `
			INSERT INTO partywall.event_consumers AS c (name, holder, leased_until)
			VALUES ($1, $2, clock_timestamp() + $3 * interval '1 microsecond')
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until
			WHERE c.holder = excluded.holder OR c.leased_until <= clock_timestamp()`,
			lease.Consumer, lease.Holder, lease.Duration.Microseconds())
		if err != nil {
			return err
		}
		n, err := taken.RowsAffected()
		acquired = n > 0
		return err
	})
	return acquired && err == nil, err
}

// Release implements [ports.EventConsumers].
func (s *Events) Release(ctx context.Context, lease ports.EventLease) error {
	return s.inTransaction(ctx, lease, "release a consumer", func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE partywall.event_consumers SET leased_until = clock_timestamp() WHERE name = $1 AND holder = $2`, lease.Consumer, lease.Holder)
		return err
	})
}

// inTransaction runs fn with the system's login.
func (s *Events) inTransaction(ctx context.Context, lease ports.EventLease, what string, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	if err := lease.Validate(); err != nil {
		return err
	}
	logins, err := s.db.logins()
	if err == nil {
		err = logins.System.InScope(ctx, s.db.cfg.OwnScope(), fn)
	}
	return pg.Translate(ctx, err, what)
}

// offer is what a consumer is to be offered next.
type offer struct {
	Position int64
	Retried  bool // there are events to be delivered once more
	Delayed  bool // there are laggards
}

// extend extends the lease, and locks the consumer until the transaction ends.
func extend(ctx context.Context, tx *sqlx.Tx, lease ports.EventLease) (next offer, err error) {
	err = tx.GetContext(ctx, &next, `
		UPDATE partywall.event_consumers c SET leased_until = clock_timestamp() + $3 * interval '1 microsecond'
		WHERE c.name = $1 AND c.holder = $2 AND c.leased_until > clock_timestamp()
		RETURNING c.position,
			EXISTS (SELECT FROM partywall.events_set_aside a WHERE a.consumer = c.name AND a.retry) AS retried,
			EXISTS (SELECT FROM partywall.event_laggards l WHERE l.consumer = c.name) AS delayed`,
		lease.Consumer, lease.Holder, lease.Duration.Microseconds())
	if errors.Is(err, sql.ErrNoRows) {
		err = ports.ErrLeaseLost
	}
	return next, err
}

// The deliveries to the consumer $1, at most $2, with the failures before each.
const (
	retriedEvents = `
		SELECT ` + columnsOfEvent + `, 0, true
		FROM partywall.events_set_aside a JOIN partywall.events e ON e.id = a.event
		WHERE a.consumer = $1 AND a.retry ORDER BY e.position LIMIT $2`
	delayedEvents = `
		SELECT ` + columnsOfEvent + `, l.failures, false
		FROM partywall.event_laggards l CROSS JOIN LATERAL (` + nextOfLaggard + `) e
		WHERE l.consumer = $1 AND l.retry_at <= clock_timestamp() ORDER BY l.retry_at LIMIT $2`
	freshEvents = `
		SELECT ` + columnsOfEvent + `, 0, false FROM partywall.events e
		WHERE e.position > $3 AND NOT EXISTS (SELECT FROM partywall.event_laggards l WHERE l.consumer = $1 AND l.tenant = e.tenant)
		ORDER BY e.position LIMIT $2`

	// nextOfLaggard is the next event of the laggard l, up to the consumer's position $3.
	nextOfLaggard = `
		SELECT * FROM partywall.events n WHERE n.tenant = l.tenant AND n.position > l.position AND n.position <= $3
		ORDER BY n.position LIMIT 1`

	// dropLaggards ends the delay of the tenants that have no such event left.
	dropLaggards = `
		DELETE FROM partywall.event_laggards l WHERE l.consumer = $1 AND NOT EXISTS (
			SELECT FROM partywall.events n WHERE n.tenant = l.tenant AND n.position > l.position AND n.position <= $2)`
)

// Next implements [ports.EventConsumers].
func (s *Events) Next(ctx context.Context, lease ports.EventLease, limit int) (found []ports.EventDelivery, err error) {
	err = s.inTransaction(ctx, lease, "read a consumer's next events", func(ctx context.Context, tx *sqlx.Tx) error {
		next, err := extend(ctx, tx, lease)
		if err != nil {
			return err
		}
		if next.Retried {
			if found, err = readDeliveries(ctx, tx, retriedEvents, lease.Consumer, limit); err != nil {
				return err
			}
		}
		if next.Delayed {
			if _, err := tx.ExecContext(ctx, dropLaggards, lease.Consumer, next.Position); err != nil {
				return err
			}
			delayed, err := readDeliveries(ctx, tx, delayedEvents, lease.Consumer, limit-len(found), next.Position)
			if err != nil {
				return err
			}
			found = append(found, delayed...)
		}
		fresh, err := readDeliveries(ctx, tx, freshEvents, lease.Consumer, limit-len(found), next.Position)
		found = append(found, fresh...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func readDeliveries(ctx context.Context, tx *sqlx.Tx, query, consumer string, limit int, args ...any) (found []ports.EventDelivery, err error) {
	rows, err := tx.QueryContext(ctx, query, append([]any{consumer, max(limit, 0)}, args...)...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var d ports.EventDelivery
		if d.Event, err = scanEvent(rows, &d.Failures, &d.Retry); err != nil {
			return nil, err
		}
		found = append(found, d)
	}
	return found, rows.Err()
}

// Settle implements [ports.EventConsumers].
func (s *Events) Settle(ctx context.Context, lease ports.EventLease, event domain.Event, result ports.EventResult) error {
	return s.inTransaction(ctx, lease, "settle an event", func(ctx context.Context, tx *sqlx.Tx) error {
		next, err := extend(ctx, tx, lease)
		if err != nil {
			return err
		}
		if next.Retried {
			if retried, err := settleRetried(ctx, tx, lease.Consumer, event, result); retried || err != nil {
				return err
			}
		}
		if result.Failure != "" && !result.SetAside {
			return delay(ctx, tx, lease.Consumer, event, result)
		}
		if result.Failure != "" {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO partywall.events_set_aside (consumer, event, failure) VALUES ($1, $2, $3)
				ON CONFLICT (consumer, event) DO UPDATE SET failure = excluded.failure, at = excluded.at`, lease.Consumer, event.ID, result.Failure); err != nil {
				return err
			}
		}
		return advance(ctx, tx, lease.Consumer, event)
	})
}

// settleRetried settles an event that was set aside, and reports whether it was.
func settleRetried(ctx context.Context, tx *sqlx.Tx, consumer string, event domain.Event, result ports.EventResult) (bool, error) {
	statement, args := `DELETE FROM partywall.events_set_aside WHERE consumer = $1 AND event = $2 AND retry`, []any{consumer, event.ID}
	if result.Failure != "" {
		statement = `UPDATE partywall.events_set_aside SET failure = $3, at = now(), retry = false WHERE consumer = $1 AND event = $2 AND retry`
		args = append(args, result.Failure)
	}
	settled, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	n, err := settled.RowsAffected()
	return n > 0, err
}

// delay has the event's tenant wait.
func delay(ctx context.Context, tx *sqlx.Tx, consumer string, event domain.Event, result ports.EventResult) error {
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO partywall.event_laggards AS l (consumer, tenant, position, failures, retry_at)
		VALUES ($1, $2, $3, 1, clock_timestamp() + $4 * interval '1 microsecond')
		ON CONFLICT (consumer, tenant) DO UPDATE SET failures = l.failures + 1, retry_at = excluded.retry_at`,
		consumer, event.Tenant.String(), event.Position-1, result.RetryAfter.Microseconds()); err != nil {
		return err
	}
	return moveTo(ctx, tx, consumer, event)
}

// advance moves the position of the consumer, or of the laggard that the event is of.
func advance(ctx context.Context, tx *sqlx.Tx, consumer string, event domain.Event) error {
	caught, err := tx.ExecContext(ctx, `
		UPDATE partywall.event_laggards SET position = $3, failures = 0, retry_at = clock_timestamp() WHERE consumer = $1 AND tenant = $2`,
		consumer, event.Tenant.String(), event.Position)
	if err != nil {
		return err
	}
	if n, err := caught.RowsAffected(); n > 0 || err != nil {
		return err
	}
	return moveTo(ctx, tx, consumer, event)
}

func moveTo(ctx context.Context, tx *sqlx.Tx, consumer string, event domain.Event) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE partywall.event_consumers SET position = greatest(position, $2) WHERE name = $1`, consumer, event.Position)
	return err
}
