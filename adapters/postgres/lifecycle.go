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

// The columns of a tenant's record, as scanDetails reads them, of a tenant t and of a
// reservation r.
const (
	detailsOfTenant = `t.settings, ` + recordOfTenant
	recordOfTenant  = `t.changes, t.suspended_by, t.suspended_reason, t.deleted_by, t.purge_after,
		` + tenantColumns
	detailsOfReservation = `'{}', 0, '', '', '', NULL::timestamptz, r.id, r.name, 'unclaimed', r.created_at, r.expires_at`
)

// details is a tenant's record as it is read, and how often it was changed.
type details struct {
	domain.TenantDetails
	changes int64
}

func scanDetails(row pg.Scanner) (d details, err error) {
	var settings string
	var purgeAfter sql.NullTime
	if d.Tenant, err = scanTenant(row, &settings, &d.changes, &d.SuspendedBy, &d.SuspendedReason, &d.DeletedBy, &purgeAfter); err != nil {
		return details{}, err
	}
	if purgeAfter.Valid {
		d.PurgeAfter = purgeAfter.Time.UTC()
	}
	d.Revision = domain.NewRevision(d.CreatedAt, d.changes)
	if settings != (domain.Settings{}).String() {
		d.Settings, err = domain.ParseSettings([]byte(settings))
	}
	return d, err
}

// Details implements [ports.TenantLifecycle] with one statement.
func (l *Lifecycle) Details(ctx context.Context, id domain.TenantID) (domain.TenantDetails, error) {
	logins, err := l.db.logins()
	if err != nil {
		return domain.TenantDetails{}, pg.Translate(ctx, err, "read a tenant")
	}
	found, err := pg.One(ctx, logins.System, scanDetails, `
		SELECT `+detailsOfTenant+` FROM partywall.tenants t WHERE t.id = $1 AND `+present+`
		UNION ALL
		SELECT `+detailsOfReservation+` FROM partywall.reservations r WHERE r.id = $1 AND `+reserved, id.String())
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
	err = logins.System.InScope(ctx, l.db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
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
	was, err := scanDetails(tx.QueryRowContext(ctx, `
		SELECT `+detailsOfTenant+` FROM partywall.tenants t WHERE t.id = $1 AND t.status <> 'unclaimed' FOR NO KEY UPDATE`, change.Tenant.String()))
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
	next, changed, err := change.Apply(was.TenantDetails, change.By.Party(), now.UTC())
	if err != nil || !changed {
		return next, err
	}
	next.Revision = domain.NewRevision(next.CreatedAt, was.changes+1)
	event, err := domain.NewTenantChangeEvent(ctx, change.By, change.TenantChange, was.TenantDetails, next)
	if err != nil {
		return domain.TenantDetails{}, err
	}
	return next, updateTenant(next).run(ctx, tx, event)
}

func updateTenant(t domain.TenantDetails) statement {
	return statement{`
		UPDATE partywall.tenants SET name = $2, status = $3, settings = $4, suspended_by = $5, suspended_reason = $6, deleted_by = $7,
			purge_after = $8, changes = changes + 1
		WHERE id = $1`, []any{
		t.ID.String(), t.Name, string(t.Status), t.Settings.String(), string(t.SuspendedBy), t.SuspendedReason, string(t.DeletedBy),
		sql.NullTime{Time: t.PurgeAfter, Valid: !t.PurgeAfter.IsZero()},
	}}
}
