package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/porttest"
)

// TestPooler runs behind PgBouncer in transaction mode, with so few connections
// to the server that they change hands all the time.
func TestPooler(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := pgtest.NewConfig(t, pgtest.WithNotes, change)
			pgtest.SetUp(t, cfg)
			pooler := realservers.PgBouncer(t, realservers.Upstream{Host: cfg.Host, Port: cfg.Port, Superuser: "postgres", Password: pgtest.Server(t).SuperuserPassword, PoolSize: 2})
			behind := cfg
			behind.Host, behind.Port = pooler.Host, pooler.Port
			db := pgtest.Reopen(t, behind)
			t.Run("a setup may be repeated through it", func(t *testing.T) {
				if report := pgtest.SetUp(t, behind); report != "" {
					t.Errorf("it said:\n%s", report)
				}
			})
			t.Run("tenants that write at once never read each other's rows", func(t *testing.T) { writeAtOnce(t, db) })
			porttest.ReservationStore(t, func(t *testing.T) porttest.Tenancy { return pgtest.Tenancy(t, db, cfg) })
		})
	}
}

// writeAtOnce has four tenants write and read at once, some of them cut off in the middle.
func writeAtOnce(t *testing.T, db *postgres.DB) {
	var wg sync.WaitGroup
	for i := range 4 {
		id := pgtest.MakeTenant(t, db, fmt.Sprintf("tenant-%d", i))
		wg.Go(func() {
			for round := range 60 {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				if round%4 == 0 {
					time.AfterFunc(time.Duration(round*50)*time.Microsecond, cancel)
				}
				err := db.InTenant(ctx, id, func(ctx context.Context, tx *sqlx.Tx) error { return writeAndRead(ctx, tx, id) })
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", id, err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}

func writeAndRead(ctx context.Context, tx *sqlx.Tx, id domain.TenantID) error {
	if err := pgtest.InsertNote(id.String())(ctx, tx); err != nil {
		return err
	}
	var texts []string
	if err := tx.SelectContext(ctx, &texts, `SELECT DISTINCT text FROM notes`); err != nil {
		return err
	}
	if !slices.Equal(texts, []string{id.String()}) {
		return fmt.Errorf("it reads %q", texts)
	}
	return nil
}
