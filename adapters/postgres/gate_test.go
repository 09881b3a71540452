package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
)

func TestWhoFindsAllConnectionsBusyDoesntWaitForLong(t *testing.T) {
	t.Parallel()
	db, _ := open(t, func(cfg *postgres.Config) { cfg.MaxConns, cfg.AcquireTimeout = 3, 100*time.Millisecond })
	acme, beta := makeTenant(t, db, "acme"), makeTenant(t, db, "beta")
	err := db.InTenant(t.Context(), acme, func(context.Context, *sqlx.Tx) error { // on the only connection
		asked := time.Now()
		err := db.InTenant(t.Context(), beta, func(context.Context, *sqlx.Tx) error { return nil })
		mustBe(t, err, domain.Unavailable)
		mustBe(t, err, domain.CodeDatabaseUnavailable)
		if e, _ := errors.AsType[*domain.Error](err); e.RetryAfter <= 0 {
			t.Error("it doesn't say when to ask again")
		}
		_, err = db.Tenants().Clock(t.Context(), beta)
		mustBe(t, err, domain.Unavailable)
		mustBe(t, db.Ready(t.Context()), domain.Unavailable)
		if waited := time.Since(asked); waited < 300*time.Millisecond || waited > 3*time.Second {
			t.Errorf("three callers waited for %s", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		mustBe(t, db.InTenant(ctx, beta, func(context.Context, *sqlx.Tx) error { return nil }), context.DeadlineExceeded)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := db.InTenant(t.Context(), beta, func(context.Context, *sqlx.Tx) error { return nil }); err != nil {
			t.Errorf("with the connection free again: %v", err)
		}
	}
}

func TestAConnectionToAStandbyIsGivenUp(t *testing.T) {
	t.Parallel()
	db, _ := open(t, func(cfg *postgres.Config) { cfg.MaxConns = 3 })
	acme := makeTenant(t, db, "acme")
	var demoted, next int
	err := db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := tx.GetContext(ctx, &demoted, `SELECT pg_backend_pid()`); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `SET TRANSACTION READ ONLY; CREATE TABLE t ()`) // what a standby answers to a write
		return err
	})
	mustBe(t, postgres.Translate(t.Context(), err, "write"), domain.Unavailable)
	err = db.InTenant(t.Context(), acme, func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.GetContext(ctx, &next, `SELECT pg_backend_pid()`)
	})
	if err != nil || next == demoted {
		t.Errorf("the connection %d, and then %d: %v", demoted, next, err)
	}
}
