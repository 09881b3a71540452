package fleet

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// scope is of the transactions that run files. Files take as long as they need, and
// the lease is held without a statement while a file runs outside of a transaction.
func (r *Runner) scope() *pg.Scope {
	return pg.NewOwnScope("migrate",
		pg.Setting{Name: "statement_timeout", Value: "0"},
		pg.Setting{Name: "lock_timeout", Value: pg.Milliseconds(r.o.LockTimeout)},
		pg.Setting{Name: "idle_in_transaction_session_timeout", Value: "0"})
}

// tenant runs what a tenant lacks, each file in a transaction of its own.
func (r *Runner) tenant(ctx context.Context, id domain.TenantID) error {
	for more := true; more; {
		if err := r.halted(); err != nil {
			return err
		}
		var ran *schema.Missing // until the commit, which may fail for what the file deferred
		err := pg.InScope(ctx, r.db, r.scope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
			ran, err = r.nextFile(ctx, tx, id)
			return err
		})
		if err != nil && ran != nil {
			return ran.Failed(ctx, err)
		}
		if err != nil {
			return err
		}
		more = ran != nil && !ran.Last
	}
	return nil
}

// nextFile takes the tenant's lease, and runs and returns the first file that the tenant
// lacks; nil where it lacks none.
func (r *Runner) nextFile(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) (*schema.Missing, error) {
	applied, err := schema.TakeLease(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	next, err := applied.Next(r.sets)
	if err != nil {
		return nil, err
	}
	on := r.in.Target(id)
	switch {
	case next == nil: // an older program, or a restore, left the columns behind the ledger
		err = schema.RecordUpToDate(ctx, tx, id.String())
	case next.Migration.Outside():
		err = on.RunOutside(ctx, r.cfg, tx, *next, id.String(), schema.Waits{Lock: r.o.LockTimeout, Concurrent: r.o.Patience})
	default:
		err = on.RunAndRecord(ctx, tx, *next, id.String())
	}
	if err != nil {
		return nil, err
	}
	return next, nil
}

// refusePooler refuses files that run outside of a transaction where a pooler would run
// each of their statements in another session, on the path of another tenant.
func (r *Runner) refusePooler(ctx context.Context, tx *sqlx.Tx, ids []domain.TenantID) error {
	for _, s := range r.sets {
		if s.NeedsOutside(0) == "" || len(ids) == 0 {
			continue
		}
		var lowest int64
		if err := tx.GetContext(ctx, &lowest, `SELECT coalesce(min(`+s.Version+`), 0) FROM partywall.tenants t WHERE `+schema.KeepsData); err != nil {
			return err
		}
		if err := inspection.RefuseOutside(ctx, r.cfg, s.NeedsOutside(lowest)); err != nil {
			return err
		}
	}
	return nil
}
