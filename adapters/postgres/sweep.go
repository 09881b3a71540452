package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/installation"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Sweep implements [ports.TenantProvisioner]. Along the way it forgets what else has
// expired.
func (t *Tenants) Sweep(ctx context.Context) (int, error) {
	logins, err := t.db.logins()
	if err != nil {
		return 0, pg.Translate(ctx, err, "sweep")
	}
	swept, err := t.removeAllExpired(ctx, logins.Installation)
	freed, forgetErr := t.forgetExpired(ctx)
	return swept + freed, pg.Translate(ctx, errors.Join(err, forgetErr), "sweep")
}

// removeAllExpired removes the tenants that aren't: those that broke off while they
// were made, and unclaimed ones of an older release whose claims have run out, each
// in a transaction of its own. One that can't be removed doesn't keep the others.
func (t *Tenants) removeAllExpired(ctx context.Context, in installation.Installation) (removed int, err error) {
	var ids []domain.TenantID
	err = t.db.own.InScope(ctx, t.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		ids, err = pg.TenantIDs(ctx, tx, `SELECT t.id FROM partywall.tenants t WHERE `+neverClaimed)
		return err
	})
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, id := range ids {
		was, err := t.removeIfExpired(ctx, in, id)
		if err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", id, err))
		}
		if was == expired {
			removed++
		}
		if pg.ContextErr(ctx) != nil || pg.Unavailable(err) {
			break
		}
	}
	return removed, errors.Join(errs...)
}

func (t *Tenants) removeIfExpired(ctx context.Context, in installation.Installation, id domain.TenantID) (was occupancy, err error) {
	err = t.db.own.InScope(ctx, t.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		was, err = removeExpired(ctx, tx, in, id)
		return err
	})
	if err != nil {
		return absent, t.db.explainKeptRole(ctx, in, err)
	}
	return was, nil
}

// forgetExpired deletes the other rows that nothing will ask for again, and returns
// how many reservations were among them.
func (t *Tenants) forgetExpired(ctx context.Context) (freed int, err error) {
	err = t.db.own.InScope(ctx, t.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &freed, `
			WITH freed AS (DELETE FROM partywall.reservations WHERE expires_at <= now() RETURNING id)
			SELECT count(*) FROM freed`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`
			DELETE FROM partywall.unconfirmed WHERE made_at <= now() - %d * interval '1 microsecond';
			DELETE FROM partywall.invitation_mails WHERE sent_at <= now() - %d * interval '1 microsecond';
			DELETE FROM partywall.idempotency WHERE expires_at <= now();
			DELETE FROM partywall.sessions WHERE expires_at <= now();
			DELETE FROM partywall.codes WHERE expires_at <= now()`, ports.UnconfirmedDay.Microseconds(), ports.AddressMailsPer.Microseconds()))
		return err
	})
	if err != nil {
		return 0, err
	}
	return freed, nil
}

// occupancy is what an ID was found to be.
type occupancy int

const (
	absent  occupancy = iota // no tenant has it
	taken                    // a tenant has it, and keeps it
	expired                  // a tenant had it, and is removed
)

// removeExpired removes the tenant with all that was made for it, if its claim
// has run out. It waits for a session that claims or removes it at the same time.
func removeExpired(ctx context.Context, tx *sqlx.Tx, in installation.Installation, id domain.TenantID) (occupancy, error) {
	var keeps bool
	err := tx.GetContext(ctx, &keeps, `SELECT `+present+` FROM partywall.tenants t WHERE t.id = $1 FOR UPDATE`, id.String())
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return absent, nil
	case err != nil:
		return absent, err
	case keeps:
		return taken, nil
	}
	if err := in.DropSchema(ctx, tx, id); err != nil {
		return taken, err
	}
	for _, table := range []string{"migrations", "migrations_begun"} { // they have no reference to the tenant, because shared files have none
		if _, err := tx.ExecContext(ctx, `DELETE FROM partywall.`+table+` WHERE tenant = $1`, id.String()); err != nil {
			return taken, err
		}
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM partywall.tenants WHERE id = $1`, id.String())
	return expired, err
}

// explainKeptRole completes the error of a removal that the server refuses because of
// other databases: it names them and what to do.
func (db *DB) explainKeptRole(ctx context.Context, in installation.Installation, err error) error {
	if pg.SQLState(err) != pqerror.DependentObjectsStillExist {
		return err
	}
	_ = db.own.InScope(ctx, db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		o, readErr := inspection.ReadOrigin(ctx, tx, in)
		if readErr == nil && len(o.Others) > 0 {
			err = fmt.Errorf("%s: %s: %w", o.Sharing(), o.EndSharing(db.cfg), err)
		}
		return readErr // err says enough without it
	})
	return err
}
