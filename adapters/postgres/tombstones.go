package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Hold implements [ports.TenantTombstones].
func (s *Purges) Hold(ctx context.Context, lease ports.PurgeLease) error {
	if err := lease.Validate(); err != nil {
		return err
	}
	return s.inSystem(ctx, "hold the ID of a tenant that is gone", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := lockOfID(lease.Tenant).take(ctx, tx); err != nil {
			return err
		}
		if err := refuseUnlessGone(ctx, tx, lease.Tenant); err != nil {
			return err
		}
		if err := takeTombstone(ctx, tx, lease); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO partywall.tombstones (id, name, created_at) VALUES ($1, $1, now()) ON CONFLICT DO NOTHING`, lease.Tenant.String())
		return err
	})
}

// refuseUnlessGone returns an error if a tenant or a reservation has the ID.
func refuseUnlessGone(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	var status domain.TenantStatus
	err := tx.GetContext(ctx, &status, `
		SELECT t.status FROM partywall.tenants t WHERE t.id = $1
		UNION ALL
		SELECT 'unclaimed' FROM partywall.reservations r WHERE r.id = $1 AND `+reserved, id.String())
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = ports.ErrNotGone(status)
	}
	return err
}

// takeTombstone takes the lease of a tombstone that no process purges.
func takeTombstone(ctx context.Context, tx *sqlx.Tx, lease ports.PurgeLease) error {
	var other struct {
		Holder string
		Leased bool
		Again  sql.NullTime
	}
	err := tx.GetContext(ctx, &other, `
		SELECT holder, leased_until > now() AS leased, objects_after AS again FROM partywall.purges WHERE tenant = $1 FOR UPDATE`, lease.Tenant.String())
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	case other.Again.Valid:
		return ports.ErrNotFreeYet()
	case other.Leased && other.Holder != "" && other.Holder != lease.Holder:
		return ports.ErrPurgeLost
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO partywall.purges (tenant, holder, leased_until) VALUES ($1, $2, now() + $3 * interval '1 microsecond')
		ON CONFLICT (tenant) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until`,
		lease.Tenant.String(), lease.Holder, lease.Duration.Microseconds())
	return err
}

// Free implements [ports.TenantTombstones].
func (s *Purges) Free(ctx context.Context, lease ports.PurgeLease, by domain.Actor) error {
	return s.inSystem(ctx, "free the ID of a tenant that is gone", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := lockOfID(lease.Tenant).take(ctx, tx); err != nil {
			return err
		}
		if err := holdPurge(ctx, tx, lease); err != nil {
			return err
		}
		was, err := scanDetails(tx.QueryRowContext(ctx, `SELECT `+detailsOfTombstone+` FROM partywall.tombstones s WHERE s.id = $1`, lease.Tenant.String()))
		if errors.Is(err, sql.ErrNoRows) {
			return ports.ErrPurgeLost
		}
		if err != nil {
			return err
		}
		event, err := domain.NewTenantEndEvent(ctx, domain.EventTenantFreed, was.Tenant, by)
		if err != nil {
			return err
		}
		if err := (statement{`DELETE FROM partywall.purges WHERE tenant = $1`, []any{lease.Tenant.String()}}).runAlone(ctx, tx); err != nil {
			return err
		}
		return statement{`DELETE FROM partywall.tombstones WHERE id = $1`, []any{lease.Tenant.String()}}.run(ctx, tx, event)
	})
}
