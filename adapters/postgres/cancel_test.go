package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// TestTheServerCancelsAReadWhoseCallerHangsUp has the read wait for a lock, without which
// the server would go on to wait for a caller that hung up.
func TestTheServerCancelsAReadWhoseCallerHangsUp(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.OneConnection)
	acme, who := pgtest.MakeTenant(t, db, "acme"), pgtest.Identity(t, "owner-of-acme")
	super := pgtest.Superuser(t, cfg)
	lock := domain.Must(super.BeginTxx(t.Context(), nil))
	defer func() { _ = lock.Rollback() }()
	if _, err := lock.Exec(`LOCK TABLE partywall.memberships, partywall.tenants`); err != nil {
		t.Fatal(err)
	}
	waitUntil := func(waiting int) {
		const reads = `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
		for deadline := time.Now().Add(30 * time.Second); pgtest.Query[int](t, super, reads) != waiting; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("there are never %d reads that wait", waiting)
			}
		}
	}
	for _, read := range map[string]func(context.Context) error{
		"Find":        func(ctx context.Context) error { _, err := db.Members().Find(ctx, who, acme); return err },
		"Memberships": func(ctx context.Context) error { _, err := db.Members().Memberships(ctx, who, 5); return err },
		"Probe":       func(ctx context.Context) error { _, err := db.Tenants().Probe(ctx, acme); return err },
	} {
		ctx, hangUp := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- read(ctx) }()
		waitUntil(1)
		hangUp()
		pgtest.MustBe(t, <-ended, context.Canceled)
		waitUntil(0)
		pgtest.MustBe(t, read(ctx), context.Canceled)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := db.Members().Find(t.Context(), who, acme); err != nil {
			t.Error(err)
		}
		if _, err := db.Tenants().Probe(t.Context(), acme); err != nil {
			t.Error(err)
		}
	}
}
