package setup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// upgrade is setup's way through the tenants that are behind.
type upgrade struct {
	*setup
	total    int // all tenants, behind or not
	behind   int // when setup began
	brought  int
	failed   []string // for each, its ID and why
	reported time.Time
}

// tenants brings every tenant that is behind to the newest version, a file a
// transaction. One that fails keeps no other. One whose tables are in use is tried
// again after all others, until [Config.MigrationPatience] ends.
func (s *setup) tenants(ctx context.Context) error {
	ids, total, err := s.behind(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	u := &upgrade{setup: s, total: total, behind: len(ids), reported: time.Now()}
	if err := u.bring(ctx, ids); err != nil {
		return err
	}
	if u.brought > 0 {
		s.report(fmt.Sprintf("brought %d of %d tenants to the newest version", u.brought, u.total))
	}
	if len(u.failed) > 0 {
		s.left = append(s.left, fmt.Sprintf("%d of %d tenants are behind, and answer 503 until they are not: %s", len(u.failed), u.total, pg.FirstFew(u.failed)))
	}
	return nil
}

// behind returns the tenants that lack a migration, by their columns, and how many
// tenants there are in all.
func (s *setup) behind(ctx context.Context) (ids []domain.TenantID, total int, err error) {
	err = s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) (err error) {
		if err := tx.GetContext(ctx, &total, `SELECT count(*) FROM partywall.tenants`); err != nil {
			return err
		}
		ids, err = pg.TenantIDs(ctx, tx, `SELECT t.id FROM partywall.tenants t WHERE NOT `+schema.AtLeast(s.sets.Tenant)+` ORDER BY t.id`)
		return err
	})
	return ids, total, err
}

func (u *upgrade) bring(ctx context.Context, ids []domain.TenantID) error {
	var until time.Time
	for attempt := 0; len(ids) > 0; attempt++ {
		u.waitForLocks(attempt)
		last := attempt > 0 && time.Now().After(until)
		var again []domain.TenantID
		for _, id := range ids {
			err := u.one(ctx, id)
			switch {
			case err == nil:
				u.brought++
			case pg.ContextErr(ctx) != nil:
				return pg.ContextErr(ctx)
			case gone(err):
				return fmt.Errorf("tenant %s: %w", id, err)
			case busy(err) && !last:
				again = append(again, id)
			case busy(err):
				u.fail(ctx, id, u.locked(ctx, err))
			default:
				u.fail(ctx, id, err)
			}
			u.progress(len(again))
		}
		if attempt == 0 {
			until = time.Now().Add(u.cfg.MigrationPatience)
		}
		if ids = again; len(ids) > 0 {
			if err := pause(ctx, attempt); err != nil {
				return err
			}
		}
	}
	return nil
}

// fail reports a tenant that stays behind, and has the database remember why.
func (u *upgrade) fail(ctx context.Context, id domain.TenantID, err error) {
	text := pg.Describe(schema.RefusedFile(err, gone))
	u.report(fmt.Sprintf("tenant %s failed: %s", id, text))
	u.failed = append(u.failed, fmt.Sprintf("%s (%s)", id, text))
	if err := u.remember(ctx, id, text); err != nil {
		u.report(fmt.Sprintf("tenant %s: the failure could not be stored for doctor: %s", id, pg.Complaint(err)))
	}
}

func (u *upgrade) remember(ctx context.Context, id domain.TenantID, failure string) error {
	return u.step(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO partywall.migration_failures (tenant, failure) SELECT id, $2 FROM partywall.tenants WHERE id = $1
			ON CONFLICT (tenant) DO UPDATE SET failure = excluded.failure, failed_at = now()`, id.String(), failure)
		return err
	})
}

// progress reports now and then how far the upgrade is.
func (u *upgrade) progress(waiting int) {
	if time.Since(u.reported) < u.every {
		return
	}
	u.reported = time.Now()
	u.report(fmt.Sprintf("%d of %d tenants are at the newest version, %d failed, %d wait for a lock", u.total-u.behind+u.brought, u.total, len(u.failed), waiting))
}

// one runs what a tenant lacks, each file in a transaction of its own.
func (s *setup) one(ctx context.Context, id domain.TenantID) error {
	for {
		more := false
		err := s.step(ctx, func(ctx context.Context, tx *sqlx.Tx) (err error) {
			more, err = s.nextFile(ctx, tx, id)
			return err
		})
		if errors.Is(err, schema.ErrNotThere) {
			return nil
		}
		if err != nil || !more {
			return err
		}
	}
}

// nextFile runs the first file that a tenant lacks, and reports whether it lacks
// another one. Meanwhile the tenant can't be removed.
func (s *setup) nextFile(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (more bool, err error) {
	var exists bool
	err = tx.GetContext(ctx, &exists, `SELECT true FROM partywall.tenants WHERE id = $1 FOR KEY SHARE`, id.String())
	if errors.Is(err, sql.ErrNoRows) {
		return false, schema.ErrNotThere
	}
	if err != nil {
		return false, err
	}
	ran := false
	for _, set := range s.sets.Tenant {
		missing, err := set.MissingOf(ctx, tx, id.String())
		if err != nil {
			return false, err
		}
		if len(missing) > 0 && ran {
			return true, nil
		}
		if len(missing) == 0 {
			continue
		}
		on := schema.TenantTarget(pg.SchemaOf(id))
		if err := on.Run(ctx, tx, set, missing[:1]); err != nil {
			return false, err
		}
		if err := set.Record(ctx, tx, id.String(), missing[:1]); err != nil {
			return false, err
		}
		if ran = true; len(missing) > 1 {
			return true, nil
		}
	}
	return false, recordUpToDate(ctx, tx, id)
}

// recordUpToDate sets the tenant's columns to what its ledger has, and deletes the record
// of a failure.
func recordUpToDate(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	if _, err := tx.ExecContext(ctx, schema.Heal, id.String()); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM partywall.migration_failures WHERE tenant = $1`, id.String())
	return err
}

// incomplete is what setup has left, once all else is done.
func (s *setup) incomplete() error {
	if len(s.left) == 0 {
		return nil
	}
	text := strings.Join(s.left, "; ")
	return pg.Refusal(pg.CodeSetupIncomplete, nil, "%s; all else is set up: remove the cause, then %s, which goes on from here", text, s.cfg.SetItUp())
}
