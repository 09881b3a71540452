package postgres

import (
	"context"
	"database/sql"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/ports"
)

// selectConsumers reads the state of each consumer, without the events that it set
// aside.
const selectConsumers = `
	SELECT c.name,
		(SELECT count(*) FROM partywall.events e WHERE e.position > c.position OR e.position IS NULL) AS lag,
		least(
			(SELECT min(e.at) FROM partywall.events e WHERE e.position IS NULL),
			(SELECT e.at FROM partywall.events e WHERE e.position > c.position ORDER BY e.position LIMIT 1),
			(SELECT min(waiting.at) FROM partywall.event_laggards l CROSS JOIN LATERAL (
				SELECT e.at FROM partywall.events e WHERE e.tenant = l.tenant AND e.position > l.position ORDER BY e.position LIMIT 1
			) waiting WHERE l.consumer = c.name)
		) AS oldest,
		(SELECT count(*) FROM partywall.event_laggards l WHERE l.consumer = c.name) AS laggards
	FROM partywall.event_consumers c ORDER BY c.name`

// Consumers implements [ports.EventOperations].
func (s *Events) Consumers(ctx context.Context) (all []ports.EventConsumer, err error) {
	logins, err := s.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "read the consumers of events")
	}
	err = logins.System.InScope(ctx, s.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if all, err = readConsumers(ctx, tx); err != nil {
			return err
		}
		for i := range all {
			if all[i].SetAside, err = readSetAside(ctx, tx, all[i].Name); err != nil {
				return err
			}
		}
		return nil
	})
	return all, pg.Translate(ctx, err, "read the consumers of events")
}

func readConsumers(ctx context.Context, tx *sqlx.Tx) (all []ports.EventConsumer, err error) {
	rows, err := tx.QueryContext(ctx, selectConsumers)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var c ports.EventConsumer
		var oldest sql.NullTime
		if err := rows.Scan(&c.Name, &c.Lag, &oldest, &c.Laggards); err != nil {
			return nil, err
		}
		if oldest.Valid {
			c.Oldest = oldest.Time.UTC()
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func readSetAside(ctx context.Context, tx *sqlx.Tx, consumer string) (all []ports.EventSetAside, err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT `+columnsOfEvent+`, a.failure, a.at
		FROM partywall.events_set_aside a JOIN partywall.events e ON e.id = a.event
		WHERE a.consumer = $1 ORDER BY e.position`, consumer)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var a ports.EventSetAside
		var at time.Time
		if a.Event, err = scanEvent(rows, &a.Failure, &at); err != nil {
			return nil, err
		}
		a.At = at.UTC()
		all = append(all, a)
	}
	return all, rows.Err()
}

// RetrySetAside implements [ports.EventOperations].
func (s *Events) RetrySetAside(ctx context.Context, consumer string) (n int, err error) {
	err = s.ofConsumer(ctx, consumer, "retry events", func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &n, `
			WITH retried AS (UPDATE partywall.events_set_aside SET retry = true WHERE consumer = $1 RETURNING 1)
			SELECT count(*) FROM retried`, consumer)
	})
	return n, err
}

// RemoveConsumer implements [ports.EventOperations].
func (s *Events) RemoveConsumer(ctx context.Context, consumer string) error {
	return s.ofConsumer(ctx, consumer, "remove a consumer of events", func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM partywall.event_consumers WHERE name = $1`, consumer)
		return err
	})
}

// ofConsumer runs fn with the consumer locked.
func (s *Events) ofConsumer(ctx context.Context, consumer, what string, fn func(ctx context.Context, tx *sqlx.Tx) error) error {
	logins, err := s.db.logins()
	if err != nil {
		return pg.Translate(ctx, err, what)
	}
	err = logins.System.InScope(ctx, s.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		var found []string
		if err := tx.SelectContext(ctx, &found, `SELECT name FROM partywall.event_consumers WHERE name = $1 FOR UPDATE`, consumer); err != nil {
			return err
		}
		if len(found) == 0 {
			return ports.ErrNoConsumer
		}
		return fn(ctx, tx)
	})
	return pg.Translate(ctx, err, what)
}
