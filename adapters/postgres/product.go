package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// A product adds migrations and a hook to what makes a tenant. The migrations are
// published in the database, where every program reads them; the hook is code. A
// program that lacks it would make tenants without what it gives them, and say
// nothing, so setup records which program set the database up.

// retryAfterDeployment is when a deployment may have replaced the programs that lack
// a product's new hook.
const retryAfterDeployment = 30 * time.Second

const readProductSQL = `SELECT program, on_provision AS hook FROM partywall.installation`

func readProduct(ctx context.Context, db sqlx.QueryerContext) (recorded pg.Product, err error) {
	return recorded, sqlx.GetContext(ctx, db, &recorded, readProductSQL)
}

// recordProduct records the program that runs setup, or refuses one that isn't the
// recorded product's.
func (s *setup) recordProduct(ctx context.Context, tx *sqlx.Tx) error {
	recorded, err := readProduct(ctx, tx)
	if err != nil {
		return err
	}
	if !s.cfg.Belongs(recorded) {
		return s.cfg.OtherProgram(recorded)
	}
	own := s.cfg.Product()
	if own == recorded {
		return nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE partywall.installation SET program = $1, on_provision = $2`, own.Program, own.Hook)
	return err
}

// refuseWithoutHook refuses to make a tenant where this program lacks what the
// product gives every tenant. The caller of the API learns no more than to try again:
// while a product's first hook is being deployed, that is right.
func (db *DB) refuseWithoutHook(ctx context.Context, tx *sqlx.Tx) error {
	if db.cfg.OnProvision != nil {
		return nil
	}
	recorded, err := readProduct(ctx, tx)
	if err != nil {
		return err
	}
	if err := db.cfg.MayProvision(recorded); err != nil {
		return domain.Errorf(domain.Unavailable, "tenants can't be made here now; try again later").WithRetryAfter(retryAfterDeployment).WithCause(err)
	}
	return nil
}

// MayProvision returns [CodeOtherProgram] where a product set the database up whose
// hook this program lacks: [Tenants.Create] is [domain.Unavailable]
// there. While the database can't be reached it returns nil.
func (db *DB) MayProvision(ctx context.Context) error {
	if _, err := db.logins(); err != nil {
		return nil //nolint:nilerr // the DB says so itself, and Create refuses once it is reached
	}
	var recorded pg.Product
	err := db.own.InScope(ctx, db.cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) (err error) {
		recorded, err = readProduct(ctx, tx)
		return err
	})
	if err != nil {
		return pg.Translate(ctx, err, "read which program set the database up")
	}
	return db.cfg.MayProvision(recorded)
}
