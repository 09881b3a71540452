package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TablesOfTenants are the tables that a purge empties.
var TablesOfTenants = tablesOfTenants

// Gate returns the pool of the first gate, outside of any scope.
func (db *DB) Gate() *sqlx.DB { return db.others.Load().Gates.Pool(0).DB }

// Waiting returns how many callers wait for a connection that serves tenants.
func (db *DB) Waiting() int { return db.others.Load().Gates.Pool(0).Waiting() }

// WaitingForSystem returns how many callers wait for a connection to the registry.
func (db *DB) WaitingForSystem() int { return db.others.Load().System.Waiting() }

// OwnConn returns a connection of the pool that provisions. It accepts statements
// outside of a scope from now on.
func (db *DB) OwnConn(ctx context.Context) (*sqlx.Conn, error) {
	c, err := db.own.DB.Connx(ctx)
	if err != nil {
		return nil, err
	}
	return c, c.Raw(func(driverConn any) error {
		driverConn.(*pg.Conn).OwnOnly = false
		return nil
	})
}

// RecordEvent records an event without a change, as a change of the tenant does.
func (db *DB) RecordEvent(ctx context.Context, event domain.Event) error {
	return db.others.Load().System.InScope(ctx, db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if err := lockOfID(event.Tenant).take(ctx, tx); err != nil {
			return err
		}
		statement, args := insertEvent(1, "", event)
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
}

// RecordOnce records the event under the key with its data as the answer, and ends with
// refusal.
func (db *DB) RecordOnce(ctx context.Context, key *ports.Idempotency, event domain.Event, refusal error) (answer json.RawMessage, replayed bool, err error) {
	err = db.others.Load().System.InScope(ctx, db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		answer, replayed, err = once(ctx, tx, key, event.Tenant, func() (json.RawMessage, error) {
			statement, args := insertEvent(1, "", event)
			_, err := tx.ExecContext(ctx, statement, args...)
			return event.Data, errors.Join(err, refusal)
		})
		return err
	})
	return answer, replayed, pg.Translate(ctx, err, "record an event once")
}

// ListMembers is the statement of [Members.List].
const ListMembers = listMembers

// ListInvitations is the statement of [Invitations.List].
const ListInvitations = listInvitations
