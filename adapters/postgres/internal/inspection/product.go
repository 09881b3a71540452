package inspection

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

// A product adds migrations and a hook to what makes a tenant. The migrations are
// published in the database, where every program reads them; the hook is code. A
// program that lacks the hook would make incomplete tenants without an error, so setup
// records which program set the database up.

// ReadProduct returns the product whose program set the database up.
func ReadProduct(ctx context.Context, db sqlx.QueryerContext) (recorded pg.Product, err error) {
	err = sqlx.GetContext(ctx, db, &recorded, `SELECT program, on_provision AS hook FROM partywall.installation`)
	return recorded, err
}
