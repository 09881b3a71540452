package postgres

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/inspection"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/domain"
)

// retryAfterDeployment is when a deployment may have replaced the programs that lack
// a product's new hook.
const retryAfterDeployment = 30 * time.Second

// retryAfterOthers is when others may have ended what a caller waits for.
const retryAfterOthers = 2 * time.Second

// refuseWithoutHook refuses to make a tenant if this program lacks the hook that the
// product runs for every tenant. The caller of the API only reads to try again, because
// the request succeeds once the product's first hook is deployed everywhere.
func (db *DB) refuseWithoutHook(ctx context.Context, tx *sqlx.Tx) error {
	if db.cfg.OnProvision != nil {
		return nil
	}
	recorded, err := inspection.ReadProduct(ctx, tx)
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
		recorded, err = inspection.ReadProduct(ctx, tx)
		return err
	})
	if err != nil {
		return pg.Translate(ctx, err, "read which program set the database up")
	}
	return db.cfg.MayProvision(recorded)
}
