package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
)

// Sweep implements [ports.TenantStore]. Along the way it forgets what else has
// expired.
func (t *Tenants) Sweep(ctx context.Context) (int, error) {
	logins, err := t.db.logins()
	if err != nil {
		return 0, translate(ctx, err, "sweep")
	}
	swept, err := t.removeAllExpired(ctx, logins.installation)
	if err == nil {
		err = t.forgetExpired(ctx)
	}
	return swept, translate(ctx, err, "sweep")
}

// removeAllExpired removes the tenants whose claims have run out, each in a
// transaction of its own.
func (t *Tenants) removeAllExpired(ctx context.Context, in installation) (removed int, err error) {
	var ids []string
	if err := t.db.own.SelectContext(ctx, &ids, `SELECT t.id FROM partywall.tenants t WHERE NOT `+present); err != nil {
		return 0, err
	}
	for _, text := range ids {
		id, err := domain.ParseTenantID(text)
		if err != nil {
			return removed, err
		}
		was := absent
		err = inScope(ctx, t.db.own, t.db.cfg.ownScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
			was, err = removeExpired(ctx, tx, in, id)
			return err
		})
		if err != nil {
			return removed, err
		}
		if was == expired {
			removed++
		}
	}
	return removed, nil
}

// forgetExpired deletes the other rows that nothing will ask for again.
func (t *Tenants) forgetExpired(ctx context.Context) error {
	return inScope(ctx, t.db.own, t.db.cfg.ownScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM partywall.idempotency WHERE expires_at <= now();
			DELETE FROM partywall.sessions WHERE expires_at <= now();
			DELETE FROM partywall.codes WHERE expires_at <= now()`)
		return err
	})
}

// occupancy is what an ID was found to be.
type occupancy int

const (
	absent  occupancy = iota // no tenant has it
	taken                    // a tenant has it, and keeps it
	expired                  // a tenant had it, and is removed
)

// removeExpired removes the tenant with all that was made for it, if its claim
// has run out. It waits for whoever claims or removes it at the same time.
func removeExpired(ctx context.Context, tx *sqlx.Tx, in installation, id domain.TenantID) (occupancy, error) {
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
	if _, err := tx.ExecContext(ctx, in.dropSchema(id)); err != nil {
		return taken, err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM partywall.migrations WHERE tenant = $1`, id.String()); err != nil {
		return taken, err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM partywall.tenants WHERE id = $1`, id.String())
	return expired, err
}
