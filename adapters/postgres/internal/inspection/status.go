package inspection

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// MigrationStatus is how far the tenants are with the migrations of a program.
type MigrationStatus struct {
	Tenants int      // how many there are
	Wanted  Versions // what the program needs a tenant to have
	Behind  []BehindTenant

	// While tenants are behind, Migrated is how many were made earlier and have all
	// migrations: after migrate up --canary, the canary. FirstMigrated are some of them.
	Migrated      int
	FirstMigrated []domain.TenantID

	// NewTenants is why no tenant can be made, as the newest setup found when it
	// tried. It is empty where one can.
	NewTenants string
}

// Summary returns how many tenants are behind, and names some.
func (s MigrationStatus) Summary() string {
	names := make([]string, len(s.Behind))
	for i, t := range s.Behind {
		names[i] = t.String()
	}
	return fmt.Sprintf("%d of %d tenants are behind, and answer 503: %s", len(s.Behind), s.Tenants, pg.FirstFew(names))
}

// Fix returns how the operator brings them up to date.
func (MigrationStatus) Fix(c pg.Config) string {
	return "remove the cause that is named, if one is, then " + c.SetItUp() + "; the command migrate status lists all of them"
}

// Versions are the numbers of the last migrations, 0 for none: of Partywall's own
// files for tenants, and of the product's.
type Versions struct{ Partywall, Product int64 }

// BehindTenant is a tenant that lacks a migration, or its schema. The program answers its requests
// with [domain.CodeTenantUpgrading] until a setup has brought it up to date.
type BehindTenant struct {
	ID      domain.TenantID
	Has     Versions
	Failure string    // why the newest setup that tried did not succeed; empty: none has tried
	Failed  time.Time // when
}

// String returns the tenant, its versions, and why it has no newer ones.
func (t BehindTenant) String() string {
	text := fmt.Sprintf("%s has partywall/%d and product/%d", t.ID, t.Has.Partywall, t.Has.Product)
	if t.Failure != "" {
		text += ", since " + t.Failure
	}
	return text
}

// ReadMigrations reads how far the tenants of the installation of cfg are with the
// migrations of cfg. A database that is not set up is [pg.CodeNotSetUp].
func ReadMigrations(ctx context.Context, cfg pg.Config) (status MigrationStatus, err error) {
	err = read(ctx, cfg, "read how far the tenants are", allSets, func(ctx context.Context, r reading) error {
		if status, err = ReadMigrationStatus(ctx, r.tx, r.sets.Tenant); err != nil {
			return err
		}
		if len(status.Behind) > 0 {
			if err := status.readMigrated(ctx, r.tx, r.sets.Tenant); err != nil {
				return err
			}
		}
		if err := addMissingSchemas(ctx, r.tx, &status); err != nil {
			return err
		}
		status.NewTenants, err = ReadTrialFailure(ctx, r.tx)
		return err
	})
	return status, err
}

// readMigrated reads which tenants a run has migrated. The ledger of a tenant that was
// made with all files has one time. Where there is one file, both look alike, and count.
func (s *MigrationStatus) readMigrated(ctx context.Context, tx *sqlx.Tx, sets []schema.Set) error {
	var ids []string
	err := tx.QueryRowContext(ctx, `
		SELECT count(*), coalesce((array_agg(id ORDER BY id))[:5], '{}') FROM (
			SELECT t.id FROM partywall.tenants t JOIN partywall.migrations l ON l.tenant = t.id
			WHERE `+schema.KeepsData+` AND NOT `+schema.LacksSchema+` AND `+schema.HasFiles(sets)+`
			GROUP BY t.id HAVING count(*) = 1 OR max(l.applied_at) > min(l.applied_at)
		) migrated`).Scan(&s.Migrated, pq.Array(&ids))
	if err != nil {
		return err
	}
	for _, id := range ids {
		parsed, err := domain.ParseTenantID(id)
		if err != nil {
			return err
		}
		s.FirstMigrated = append(s.FirstMigrated, parsed)
	}
	return nil
}

// ReadTrialFailure returns why the newest setup could make no tenant, or "".
func ReadTrialFailure(ctx context.Context, tx *sqlx.Tx) (failure string, err error) {
	err = tx.GetContext(ctx, &failure, `SELECT coalesce(trial_failure, '') FROM partywall.installation`)
	return failure, err
}

// ReadMigrationStatus reads which tenants lack a migration of the sets: ours and the
// product's for tenants.
func ReadMigrationStatus(ctx context.Context, db sqlx.QueryerContext, sets []schema.Set) (status MigrationStatus, err error) {
	status.Wanted = Versions{Partywall: sets[0].Last(), Product: sets[1].Last()}
	if err := sqlx.GetContext(ctx, db, &status.Tenants, `SELECT count(*) FROM partywall.tenants t WHERE `+schema.KeepsData); err != nil {
		return status, err
	}
	rows, err := db.QueryContext(ctx, `
		SELECT t.id, coalesce(f.failure, ''), coalesce(f.failed_at, 'epoch'),
			(SELECT coalesce(max(m.number) FILTER (WHERE m.set = 'tenant'), 0) FROM partywall.migrations m WHERE m.tenant = t.id),
			(SELECT coalesce(max(m.number) FILTER (WHERE m.set = 'product'), 0) FROM partywall.migrations m WHERE m.tenant = t.id)
		FROM partywall.tenants t LEFT JOIN partywall.migration_failures f ON f.tenant = t.id
		WHERE `+schema.Behind(sets)+` AND NOT `+schema.HasFiles(sets)+` ORDER BY t.id`)
	if err != nil {
		return status, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		var t BehindTenant
		if err := rows.Scan(&id, &t.Failure, &t.Failed, &t.Has.Partywall, &t.Has.Product); err != nil {
			return status, err
		}
		if t.ID, err = domain.ParseTenantID(id); err != nil {
			return status, err
		}
		if t.Failed = t.Failed.UTC(); t.Failure == "" {
			t.Failed = time.Time{}
		}
		status.Behind = append(status.Behind, t)
	}
	return status, rows.Err()
}
