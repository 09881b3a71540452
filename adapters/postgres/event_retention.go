package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// removableEvents are the IDs of the oldest events that were recorded more than $1
// microseconds ago and that every consumer has handled, at most a thousand.
const removableEvents = `
	SELECT e.id FROM partywall.events e
	WHERE e.at < now() - $1 * interval '1 microsecond'
		AND e.position <= least(
			(SELECT last FROM partywall.event_positions),
			(SELECT min(c.position) FROM partywall.event_consumers c),
			(SELECT min(l.position) FROM partywall.event_laggards l))
		AND NOT EXISTS (SELECT FROM partywall.events_set_aside a WHERE a.event = e.id)
	ORDER BY e.at LIMIT 1000`

// RemoveEvents implements [ports.EventRetention], as Config.User: the system's login
// removes no events. Each batch is a transaction of its own.
func (s *Events) RemoveEvents(ctx context.Context, age time.Duration) (removed int, err error) {
	if _, err := s.db.logins(); err != nil {
		return 0, pg.Translate(ctx, err, "remove old events")
	}
	for {
		batch := 0
		err := s.db.own.InScope(ctx, s.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
			return tx.GetContext(ctx, &batch, `
				WITH removed AS (DELETE FROM partywall.events WHERE id IN (`+removableEvents+`) RETURNING 1)
				SELECT count(*) FROM removed`, age.Microseconds())
		})
		if err != nil || batch == 0 {
			return removed, pg.Translate(ctx, err, "remove old events")
		}
		removed += batch
	}
}

// blankAddresses blanks the addresses of the events of tenant $1 whose data may have the
// field $2. hasAddresses is true of such an event.
const (
	hasAddresses   = `tenant = $1 AND (address IS NOT NULL OR data::jsonb ? $2::text)`
	blankAddresses = `UPDATE partywall.events SET address = NULL, data = (data::jsonb - $2::text)::json WHERE ` + hasAddresses
)

// BlankAddresses implements [ports.EventRetention], as Config.User.
func (s *Events) BlankAddresses(ctx context.Context, id domain.TenantID) error {
	if err := id.Require(); err != nil {
		return err
	}
	if _, err := s.db.logins(); err != nil {
		return pg.Translate(ctx, err, "blank the addresses in a tenant's events")
	}
	err := s.db.own.InScope(ctx, s.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, blankAddresses, id.String(), domain.EventEmailField)
		return err
	})
	return pg.Translate(ctx, err, "blank the addresses in a tenant's events")
}
