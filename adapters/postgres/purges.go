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

// Purges ends the life of deleted tenants. It implements [ports.TenantPurger] and
// [ports.TenantTombstones].
type Purges struct{ db *DB }

var (
	_ ports.TenantPurger     = (*Purges)(nil)
	_ ports.TenantTombstones = (*Purges)(nil)
)

// Purges returns the purges of all tenants.
func (db *DB) Purges() *Purges { return &Purges{db} }

// duePurge selects a tenant whose purge is due and that no process purges. $1 is the ID of
// the tenant, or empty, and $2 the time since its deletion in microseconds.
const duePurge = `
	SELECT due.id FROM (
		SELECT t.id, t.deleted_at AS since FROM partywall.tenants t
		WHERE ` + mayBePurged + ` AND t.purge_after <= now() AND t.deleted_at <= now() - $2 * interval '1 microsecond'
		UNION ALL
		SELECT s.id, p.objects_after FROM partywall.tombstones s JOIN partywall.purges p ON p.tenant = s.id WHERE p.objects_after <= now()
	) due LEFT JOIN partywall.purges p ON p.tenant = due.id
	WHERE $1 IN ('', due.id) AND (p.tenant IS NULL OR p.leased_until <= now() OR $1 <> '' AND p.holder = '')
	ORDER BY due.since LIMIT 1`

// Acquire implements [ports.TenantPurger].
func (s *Purges) Acquire(ctx context.Context, request ports.PurgeRequest) (acquired ports.Purge, found bool, err error) {
	if err := request.Lease.Validate(); err != nil {
		return ports.Purge{}, false, err
	}
	err = s.inSystem(ctx, "find a tenant to purge", func(ctx context.Context, tx *sqlx.Tx) error {
		acquired, found, err = acquirePurge(ctx, tx, request)
		return err
	})
	return acquired, found && err == nil, err
}

// acquirePurge reports false where no purge is due, or another process was faster.
func acquirePurge(ctx context.Context, tx *sqlx.Tx, request ports.PurgeRequest) (acquired ports.Purge, found bool, err error) {
	acquired.Lease = request.Lease
	named := !request.Lease.Tenant.IsZero()
	acquired.Lease.Tenant, err = scanTenantID(tx.QueryRowContext(ctx, duePurge, request.Lease.Tenant.String(), request.Quiet.Microseconds()))
	if errors.Is(err, sql.ErrNoRows) {
		return ports.Purge{}, false, nil
	} else if err != nil {
		return ports.Purge{}, false, err
	}
	if acquired.Status, err = startPurge(ctx, tx, acquired.Lease.Tenant, request); err != nil || acquired.Status == "" {
		return ports.Purge{}, false, err
	}
	take := takePurge
	if acquired.Status == domain.Gone {
		take = takeObjects
	}
	err = tx.GetContext(ctx, &acquired.Failures, take, acquired.Lease.Tenant.String(), request.Lease.Holder, request.Lease.Duration.Microseconds(), named)
	if errors.Is(err, sql.ErrNoRows) {
		return ports.Purge{}, false, nil
	}
	return acquired, err == nil, err
}

// These give the lease of tenant $1 to the holder $2 for $3 microseconds, unless another
// process has it. If $4 is true, a purge that failed does not wait.
const (
	takePurge = `
		INSERT INTO partywall.purges AS p (tenant, holder, leased_until) VALUES ($1, $2, now() + $3 * interval '1 microsecond')
		ON CONFLICT (tenant) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until
		WHERE p.leased_until <= now() OR $4 AND p.holder = '' RETURNING p.failures`
	takeObjects = `
		UPDATE partywall.purges p SET holder = $2, leased_until = now() + $3 * interval '1 microsecond'
		WHERE p.tenant = $1 AND p.objects_after <= now() AND (p.leased_until <= now() OR $4 AND p.holder = '') RETURNING p.failures`
)

// startPurge locks the row of a tenant, and makes a deleted one one that is being purged.
// It returns the status, which is [domain.Gone] where the tenant has no row. A tenant that
// was restored meanwhile has the empty status here.
func startPurge(ctx context.Context, tx *sqlx.Tx, id domain.TenantID, request ports.PurgeRequest) (domain.TenantStatus, error) {
	was, err := lockDetails(ctx, tx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return domain.Gone, nil
	} else if err != nil {
		return "", err
	}
	var now time.Time
	if err := tx.GetContext(ctx, &now, `SELECT clock_timestamp()`); err != nil {
		return "", err
	}
	if !request.IsDue(was.TenantDetails, now) {
		return "", nil
	}
	next, err := applyChange(ctx, tx, was, domain.TenantChange{Action: domain.PurgeTenant}, domain.SystemActor(), now.UTC())
	return next.Status, err
}

// Renew implements [ports.TenantPurger].
func (s *Purges) Renew(ctx context.Context, lease ports.PurgeLease) error {
	return s.inSystem(ctx, "extend the lease of a purge", func(ctx context.Context, tx *sqlx.Tx) error {
		return holdPurge(ctx, tx, lease)
	})
}

// holdPurge extends the lease and locks it until the transaction ends. It returns
// [ports.ErrPurgeLost] to a process that does not hold it.
func holdPurge(ctx context.Context, tx *sqlx.Tx, lease ports.PurgeLease) error {
	var held bool
	err := tx.GetContext(ctx, &held, `
		UPDATE partywall.purges SET leased_until = now() + $3 * interval '1 microsecond'
		WHERE tenant = $1 AND holder = $2 AND holder <> '' AND leased_until > now() RETURNING true`,
		lease.Tenant.String(), lease.Holder, lease.Duration.Microseconds())
	if errors.Is(err, sql.ErrNoRows) {
		return ports.ErrPurgeLost
	}
	return err
}

// Release implements [ports.TenantPurger].
func (s *Purges) Release(ctx context.Context, lease ports.PurgeLease, failure ports.PurgeFailure) error {
	return s.inSystem(ctx, "end the lease of a purge", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := holdPurge(ctx, tx, lease); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			UPDATE partywall.purges SET holder = '', leased_until = now() + $3 * interval '1 microsecond',
				failures = failures + CASE $2 WHEN '' THEN 0 ELSE 1 END, failure = coalesce(nullif($2, ''), failure)
			WHERE tenant = $1`, lease.Tenant.String(), failure.Text, failure.Retry.Microseconds())
		return err
	})
}

// Finish implements [ports.TenantPurger].
func (s *Purges) Finish(ctx context.Context, lease ports.PurgeLease) error {
	return s.inSystem(ctx, "end a purge", func(ctx context.Context, tx *sqlx.Tx) error {
		if err := holdPurge(ctx, tx, lease); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM partywall.purges WHERE tenant = $1`, lease.Tenant.String())
		return err
	})
}

// inSystem runs work in a transaction of the system's login.
func (s *Purges) inSystem(ctx context.Context, what string, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	logins, err := s.db.logins()
	if err != nil {
		return pg.Translate(ctx, err, what)
	}
	return pg.Translate(ctx, logins.System.InScope(ctx, s.db.cfg.OwnScope(), work), what)
}
