package app_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
)

func TestATransactionHasTheOptionsThatAreAskedFor(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	acme := apptest.Open(t, &invoices)
	err := acme.InTenant(t.Context(), acme.Owner.Member, book(1), app.ReadOnly)
	if pq.As(err, pqerror.ReadOnlySQLTransaction) == nil {
		t.Errorf("a write in a read-only transaction: %v", err)
	}
	err = acme.InTenant(t.Context(), acme.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		var level string
		if err := tx.GetContext(ctx, &level, `SHOW transaction_isolation`); err != nil || level != "serializable" {
			t.Errorf("the level is %q, %v", level, err)
		}
		return nil
	}, app.Isolation(sql.LevelSerializable))
	if err != nil || app.Retryable(err) {
		t.Error(err)
	}
	if !app.Retryable(&pq.Error{Code: pqerror.TRSerializationFailure}) {
		t.Error("a serialization failure is not retryable")
	}
}
