package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// tablesOfTenants are the tables of partywall that have rows of tenants in their column
// tenant, which a purge removes. It keeps the events and what consumers of events have yet
// to deliver.
var tablesOfTenants = []string{"memberships", "invitations", "claims", "idempotency", "migrations", "migration_failures", "migration_leases", "migrations_begun", "tenant_invitations"}

// rowsAtOnce is how many rows of a table one step of a purge removes.
const rowsAtOnce = 10_000

// RemoveData implements [ports.TenantPurger], as Config.User: each call is a transaction.
func (s *Purges) RemoveData(ctx context.Context, lease ports.PurgeLease) (more bool, err error) {
	err = s.inOwn(ctx, lease.Tenant, "remove a tenant's data", func(ctx context.Context, tx *sqlx.Tx, in installation.Installation) error {
		if err := lockPurging(ctx, tx, lease); err != nil {
			return err
		}
		if more, err = in.RemovePart(ctx, tx, lease.Tenant); more || err != nil {
			return err
		}
		for _, table := range tablesOfTenants {
			if more, err = removeRows(ctx, tx, table, lease.Tenant); more || err != nil {
				return err
			}
		}
		more, err = blankSome(ctx, tx, lease.Tenant)
		return err
	})
	return more, err
}

// lockPurging takes what all of a purge's steps need: the row of a tenant that is being
// purged, which a migration that is still running holds, and the lease. They are locked in
// the order of acquirePurge, so that neither waits for the other.
func lockPurging(ctx context.Context, tx *sqlx.Tx, lease ports.PurgeLease) error {
	var locked bool
	err := tx.GetContext(ctx, &locked, `SELECT true FROM partywall.tenants WHERE id = $1 AND status = 'purging' FOR UPDATE`, lease.Tenant.String())
	if errors.Is(err, sql.ErrNoRows) {
		return ports.ErrPurgeLost
	}
	if err != nil {
		return err
	}
	return holdPurge(ctx, tx, lease)
}

func removeRows(ctx context.Context, tx *sqlx.Tx, table string, id domain.TenantID) (removed bool, err error) {
	done, err := tx.ExecContext(ctx, `
		DELETE FROM partywall.`+table+` WHERE ctid = ANY (ARRAY(SELECT ctid FROM partywall.`+table+` WHERE tenant = $1 LIMIT $2))`, id.String(), rowsAtOnce)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// blankSome does to some events of a tenant what [Events.BlankAddresses] does to all.
func blankSome(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (blanked bool, err error) {
	done, err := tx.ExecContext(ctx, blankAddresses+` AND id = ANY (ARRAY(
		SELECT id FROM partywall.events WHERE `+hasAddresses+` LIMIT $3))`, id.String(), domain.EventEmailField, rowsAtOnce)
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n > 0, err
}

// Bury implements [ports.TenantPurger], as Config.User.
func (s *Purges) Bury(ctx context.Context, lease ports.PurgeLease, again time.Duration) error {
	return s.inOwn(ctx, lease.Tenant, "end a tenant", func(ctx context.Context, tx *sqlx.Tx, in installation.Installation) error {
		if err := lockOfID(lease.Tenant).take(ctx, tx); err != nil {
			return err
		}
		if err := lockPurging(ctx, tx, lease); err != nil {
			return err
		}
		if err := refuseWithData(ctx, tx, in, lease.Tenant); err != nil {
			return err
		}
		return bury(ctx, tx, lease.Tenant, again)
	})
}

// refuseWithData returns an error if the tenant has anything that RemoveData removes,
// besides rows that go with the tenant's own.
func refuseWithData(ctx context.Context, tx *sqlx.Tx, in installation.Installation, id domain.TenantID) error {
	has, err := in.HasTenant(ctx, tx, id)
	for _, table := range tablesOfTenants {
		if has || err != nil {
			break
		}
		err = tx.GetContext(ctx, &has, `SELECT EXISTS (SELECT FROM partywall.`+table+` WHERE tenant = $1)`, id.String())
	}
	if err == nil && has {
		err = ports.ErrHasData(id)
	}
	return err
}

// bury replaces the tenant's row by its tombstone.
func bury(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, again time.Duration) error {
	was, err := lockDetails(ctx, tx, id)
	if err != nil {
		return err
	}
	event, err := domain.NewTenantEndEvent(ctx, domain.EventTenantPurged, was.Tenant, domain.SystemActor())
	if err != nil {
		return err
	}
	if err := (statement{`
		INSERT INTO partywall.tombstones (id, name, created_at) SELECT id, name, created_at FROM partywall.tenants WHERE id = $1`, []any{id.String()}}).runAlone(ctx, tx); err != nil {
		return err
	}
	if err := (statement{`DELETE FROM partywall.tenants WHERE id = $1`, []any{id.String()}}).runAlone(ctx, tx); err != nil {
		return err
	}
	return statement{`
		UPDATE partywall.purges SET holder = '', leased_until = now(), failures = 0, failure = '', objects_after = now() + $2 * interval '1 microsecond'
		WHERE tenant = $1`, []any{id.String(), again.Microseconds()}}.run(ctx, tx, event)
}

// inOwn runs work in a transaction of Config.User.
func (s *Purges) inOwn(ctx context.Context, id domain.TenantID, what string, work func(ctx context.Context, tx *sqlx.Tx, in installation.Installation) error) error {
	logins, err := s.db.logins()
	if err == nil {
		err = s.db.own.InScope(ctx, s.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
			return work(ctx, tx, logins.Installation)
		})
		err = s.db.explainKeptRole(ctx, logins.Installation, err)
	}
	return pg.Translate(ctx, err, what+" ("+id.String()+")")
}
