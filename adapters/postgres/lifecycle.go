package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// Lifecycle reads and changes the records of tenants. It implements
// [ports.TenantLifecycle].
type Lifecycle struct{ db *DB }

var _ ports.TenantLifecycle = (*Lifecycle)(nil)

// Lifecycle returns the records of all tenants.
func (db *DB) Lifecycle() *Lifecycle { return &Lifecycle{db} }

// The columns of a tenant's record, as scanDetails reads them, of a tenant t, of a
// reservation r and of a tombstone s.
const (
	detailsOfTenant = `t.settings, ` + recordOfTenant
	recordOfTenant  = `t.changes, ` + limitColumns + `, t.suspended_by, t.suspended_reason, t.deleted_by, t.deleted_at, t.purge_after,
		` + tenantColumns
	detailsOfReservation = `'{}', 0, 0, 0, '', '', '', NULL::timestamptz, NULL::timestamptz, r.id, r.name, 'unclaimed', r.created_at, r.expires_at`
	detailsOfTombstone   = `'{}', 0, 0, 0, '', '', '', NULL::timestamptz, NULL::timestamptz, s.id, s.name, 'gone', s.created_at, NULL::timestamptz`
)

// limitColumns are the limits of a tenant t, 0 for the default.
const limitColumns = `coalesce(t.max_requests, 0), coalesce(t.max_connections, 0)`

// details is a tenant's record as it is read, and how often it was changed.
type details struct {
	domain.TenantDetails
	changes int64
}

func scanDetails(row pg.Scanner) (d details, err error) {
	var settings string
	var deletedAt, purgeAfter sql.NullTime
	if d.Tenant, err = scanTenant(row, &settings, &d.changes, &d.Limits.MaxRequests, &d.Limits.MaxConnections,
		&d.SuspendedBy, &d.SuspendedReason, &d.DeletedBy, &deletedAt, &purgeAfter); err != nil {
		return details{}, err
	}
	if deletedAt.Valid {
		d.DeletedAt = deletedAt.Time.UTC()
	}
	if purgeAfter.Valid {
		d.PurgeAfter = purgeAfter.Time.UTC()
	}
	d.Revision = domain.NewRevision(d.CreatedAt, d.changes)
	d.Settings = domain.StoredSettings(settings)
	return d, nil
}

// Details implements [ports.TenantLifecycle] with one statement.
func (l *Lifecycle) Details(ctx context.Context, id domain.TenantID) (domain.TenantDetails, error) {
	logins, err := l.db.logins()
	if err != nil {
		return domain.TenantDetails{}, pg.Translate(ctx, err, "read a tenant")
	}
	found, err := pg.One(ctx, logins.SystemFor(id), scanDetails, `
		SELECT `+detailsOfTenant+` FROM partywall.tenants t WHERE t.id = $1 AND `+present+`
		UNION ALL
		SELECT `+detailsOfReservation+` FROM partywall.reservations r WHERE r.id = $1 AND `+reserved+`
		UNION ALL
		SELECT `+detailsOfTombstone+` FROM partywall.tombstones s WHERE s.id = $1`, id.String())
	if errors.Is(err, sql.ErrNoRows) {
		return domain.TenantDetails{}, pg.ErrNoSuchTenant()
	}
	return found.TenantDetails, pg.Translate(ctx, err, "read tenant "+id.String())
}

// Change implements [ports.TenantLifecycle].
func (l *Lifecycle) Change(ctx context.Context, change ports.TenantChange) (domain.TenantDetails, error) {
	logins, err := l.db.logins()
	if err != nil {
		return domain.TenantDetails{}, pg.Translate(ctx, err, "change a tenant")
	}
	var changed domain.TenantDetails
	err = logins.SystemFor(change.Tenant).InScope(ctx, l.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		changed, err = changeTenant(ctx, tx, change)
		return err
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return domain.TenantDetails{}, pg.ErrNoSuchTenant()
	case err != nil:
		return domain.TenantDetails{}, pg.Translate(ctx, err, "change tenant "+change.Tenant.String())
	}
	return changed, nil
}

// changeTenant locks the tenant's row, and writes what the change makes of it.
// [sql.ErrNoRows] is a tenant that does not exist or that the actor does not own.
func changeTenant(ctx context.Context, tx *sqlx.Tx, change ports.TenantChange) (domain.TenantDetails, error) {
	was, err := lockDetails(ctx, tx, change.Tenant)
	if errors.Is(err, sql.ErrNoRows) && change.By.Party() == domain.ByOperator {
		was, err = scanDetails(tx.QueryRowContext(ctx, `SELECT `+detailsOfTombstone+` FROM partywall.tombstones s WHERE s.id = $1`, change.Tenant.String()))
	}
	if err != nil {
		return domain.TenantDetails{}, err
	}
	var now time.Time
	// A statement of its own, so that it sees what the change before this one left.
	if err := tx.GetContext(ctx, &now, `
		SELECT clock_timestamp() WHERE $1 OR EXISTS (
			SELECT FROM partywall.memberships m JOIN partywall.tenants t ON t.id = m.tenant
			WHERE m.tenant = $2 AND m.provider = $3 AND m.subject = $4 AND m.role = 'owner' AND `+admits+` AND `+ownersSee+`
		)`, change.By.Party() == domain.ByOperator, change.Tenant.String(), change.By.Identity.Provider(), change.By.Identity.Subject()); err != nil {
		return domain.TenantDetails{}, err
	}
	return applyChange(ctx, tx, was, change.TenantChange, change.By, now.UTC())
}

// lockDetails locks the row of a tenant, and reads its record.
func lockDetails(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (details, error) {
	return scanDetails(tx.QueryRowContext(ctx, `
		SELECT `+detailsOfTenant+` FROM partywall.tenants t WHERE t.id = $1 AND `+hasRecord+` FOR NO KEY UPDATE`, id.String()))
}

// applyChange writes what the change makes of a record whose row is locked, and records
// its event.
func applyChange(ctx context.Context, tx *sqlx.Tx, was details, change domain.TenantChange, by domain.Actor, now time.Time) (domain.TenantDetails, error) {
	next, changed, err := change.Apply(was.TenantDetails, by.Party(), now)
	if err != nil || !changed {
		return next, err
	}
	next.Revision = domain.NewRevision(next.CreatedAt, was.changes+1)
	event, err := domain.NewTenantChangeEvent(ctx, by, change, was.TenantDetails, next)
	if err != nil {
		return domain.TenantDetails{}, err
	}
	return next, updateTenant(next).run(ctx, tx, event)
}

func updateTenant(t domain.TenantDetails) statement {
	return statement{`
		UPDATE partywall.tenants SET name = $2, status = $3, settings = $4, suspended_by = $5, suspended_reason = $6, deleted_by = $7,
			deleted_at = $8, purge_after = $9, max_requests = nullif($10, 0), max_connections = nullif($11, 0), changes = changes + 1
		WHERE id = $1`, []any{
		t.ID.String(), t.Name, string(t.Status), t.Settings.String(), string(t.SuspendedBy), t.SuspendedReason, string(t.DeletedBy),
		nullTime(t.DeletedAt), nullTime(t.PurgeAfter), t.Limits.MaxRequests, t.Limits.MaxConnections,
	}}
}

// nullTime returns the time as a parameter. Zero is NULL.
func nullTime(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }
