package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Events has the events of all tenants, and the consumers that read them. It
// implements [ports.EventSequencer], [ports.EventReader], [ports.EventConsumers],
// [ports.EventOperations] and [ports.EventRetention].
type Events struct{ db *DB }

var (
	_ ports.EventSequencer  = (*Events)(nil)
	_ ports.EventReader     = (*Events)(nil)
	_ ports.EventConsumers  = (*Events)(nil)
	_ ports.EventOperations = (*Events)(nil)
	_ ports.EventRetention  = (*Events)(nil)
)

// Events returns the events of all tenants.
func (db *DB) Events() *Events { return &Events{db} }

// insertEvent returns the statement that records an event, as a part of a larger
// statement whose first free parameter has the number first, and its arguments. source
// is what follows the SELECT: nothing, or a FROM clause with at most one row.
//
// The transaction must hold the lock of the tenant's row, or of its ID: the event's ID
// is taken here, and orders the events of the tenant.
func insertEvent(first int, source string, e domain.Event) (statement string, args []any) {
	args = []any{
		string(e.Kind), e.Tenant.String(), string(e.Actor.Kind), e.Actor.Identity.Provider(), e.Actor.Identity.Subject(),
		e.OnBehalfOf.Provider(), e.OnBehalfOf.Subject(), nullAddress(e.Address), e.RequestID, e.Data,
	}
	parameters := make([]string, len(args))
	for i, kind := range []string{"text", "text", "text", "text", "text", "text", "text", "inet", "text", "json"} {
		parameters[i] = fmt.Sprintf("$%d::%s", first+i, kind)
	}
	return `INSERT INTO partywall.events (` + installation.ColumnsOfNewEvent + `) SELECT ` + strings.Join(parameters, ", ") + ` ` + source, args
}

// statement is a change, and its arguments.
type statement struct {
	text string
	args []any
}

// run makes the change and records its event, in one round trip.
func (s statement) run(ctx context.Context, tx *sqlx.Tx, event domain.Event) error {
	record, recorded := insertEvent(len(s.args)+1, "", event)
	_, err := tx.ExecContext(ctx, `WITH change AS (`+s.text+`) `+record, append(s.args, recorded...)...)
	return err
}

// runAlone makes a change that another one's event describes.
func (s statement) runAlone(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, s.text, s.args...)
	return err
}

// nullAddress returns the address as a parameter. Unknown is NULL.
func nullAddress(address netip.Addr) any {
	if !address.IsValid() {
		return nil
	}
	return address.WithZone("").String()
}

// columnsOfEvent are what scanEvent reads of partywall.events e.
const columnsOfEvent = `e.id, e.position, e.at, e.kind, e.tenant, e.actor, e.actor_provider, e.actor_subject, e.behalf_provider, e.behalf_subject, host(e.address), e.request_id, e.data`

func scanEvent(row pg.Scanner, after ...any) (e domain.Event, err error) {
	var kind, tenant, actor, data string
	var user, behalf struct{ provider, subject string }
	var address sql.NullString
	if err := row.Scan(append([]any{
		&e.ID, &e.Position, &e.At, &kind, &tenant, &actor, &user.provider, &user.subject, &behalf.provider, &behalf.subject, &address, &e.RequestID, &data,
	}, after...)...); err != nil {
		return domain.Event{}, err
	}
	e.At, e.Kind, e.Actor.Kind, e.Data = e.At.UTC(), domain.EventKind(kind), domain.ActorKind(actor), json.RawMessage(data)
	if e.Actor.Identity, err = storedIdentity(user.provider, user.subject); err != nil {
		return domain.Event{}, err
	}
	if e.OnBehalfOf, err = storedIdentity(behalf.provider, behalf.subject); err != nil {
		return domain.Event{}, err
	}
	if address.Valid {
		if e.Address, err = netip.ParseAddr(address.String); err != nil {
			return domain.Event{}, err
		}
	}
	e.Tenant, err = domain.ParseTenantID(tenant)
	return e, err
}

// storedIdentity returns the identity of two columns, which are empty for none.
func storedIdentity(provider, subject string) (domain.Identity, error) {
	if subject == "" {
		return domain.Identity{}, nil
	}
	return domain.NewIdentity(provider, subject)
}

// Sequence implements [ports.EventSequencer]. The lock is a statement of its own: in
// one statement with the numbering, that would not see what the previous holder of the
// lock numbered.
func (s *Events) Sequence(ctx context.Context) (numbered int, err error) {
	logins, err := s.db.logins()
	if err != nil {
		return 0, pg.Translate(ctx, err, "number events")
	}
	waiting, err := pg.One(ctx, logins.System, scanBool, `SELECT EXISTS (SELECT FROM partywall.events WHERE position IS NULL)`)
	if !waiting || err != nil {
		return 0, pg.Translate(ctx, err, "look for events without a position")
	}
	err = logins.System.InScope(ctx, s.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		var last int64
		if err := tx.GetContext(ctx, &last, `SELECT last FROM partywall.event_positions FOR UPDATE`); err != nil {
			return err
		}
		return tx.GetContext(ctx, &numbered, `
			WITH fresh AS (
				SELECT id, row_number() OVER (ORDER BY id) AS n
				FROM (SELECT id FROM partywall.events WHERE position IS NULL ORDER BY id LIMIT $2) oldest
			), numbered AS (
				UPDATE partywall.events e SET position = $1 + fresh.n FROM fresh WHERE e.id = fresh.id RETURNING 1
			), moved AS (
				UPDATE partywall.event_positions SET last = $1 + (SELECT count(*) FROM numbered)
			)
			SELECT count(*) FROM numbered`, last, ports.MaxSequence)
	})
	return numbered, pg.Translate(ctx, err, "number events")
}

// Events implements [ports.EventReader].
func (s *Events) Events(ctx context.Context, q ports.EventQuery) ([]domain.Event, error) {
	logins, err := s.db.logins()
	if err != nil {
		return nil, pg.Translate(ctx, err, "read events")
	}
	var found []domain.Event
	statement, args := selectEvents(q)
	err = logins.System.Each(ctx, func(rows *sql.Rows) error {
		event, err := scanEvent(rows)
		found = append(found, event)
		return err
	}, statement, args...)
	return found, pg.Translate(ctx, err, "read events")
}

// selectEvents returns the statement of a query.
func selectEvents(q ports.EventQuery) (statement string, args []any) {
	conditions := []string{"e.position > $1"}
	args = []any{q.After, max(q.Limit, 0)}
	where := func(condition string, arg any) {
		args = append(args, arg)
		conditions = append(conditions, strings.ReplaceAll(condition, "$?", fmt.Sprintf("$%d", len(args))))
	}
	if !q.Tenant.IsZero() {
		where("e.tenant = $?", q.Tenant.String())
	}
	if q.Current {
		where("e.id >= "+beginningOf("$?"), q.Tenant.String())
	}
	if q.Kind != "" {
		where("e.kind = $?", string(q.Kind))
	}
	if !q.Since.IsZero() {
		where("e.at >= $? AND e.position >= "+firstSince("$?"), q.Since)
	}
	return `SELECT ` + columnsOfEvent + ` FROM partywall.events e WHERE ` + strings.Join(conditions, " AND ") + ` ORDER BY e.position LIMIT $2`, args
}

// beginningOf is the ID of the event with which the tenant began that has the ID now.
// An older release recorded none.
func beginningOf(tenant string) string {
	return `coalesce((SELECT max(b.id) FROM partywall.events b WHERE b.tenant = ` + tenant + ` AND ` + beginsTenant + `), 0)`
}

// beginsTenant is [domain.EventKind.BeginsTenant] for a row b, as the index
// events_that_begin has it.
const beginsTenant = `b.kind IN ('tenant.created', 'tenant.claimed')`

// firstSince is a position that no event since the time precedes, so that the older
// ones need not be read: the order of times differs from that of positions only among
// transactions that are open at once, and no server has a thousand.
func firstSince(since string) string {
	return `coalesce((SELECT min(f.position) FROM (SELECT s.position FROM partywall.events s WHERE s.at >= ` + since + ` ORDER BY s.at LIMIT 1000) f), 0)`
}
