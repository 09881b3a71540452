package gates_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// TestTenantsMoveUnderLoad has 16 goroutines enter 12 tenants, while all of them move to
// and fro between three gates.
func TestTenantsMoveUnderLoad(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := install(t, 12, change, func(cfg *postgres.Config) { cfg.MaxConns = 20 })
			in.set(t, 3)
			var stop atomic.Bool
			var scopes atomic.Int64
			var load sync.WaitGroup
			for worker := range 16 {
				load.Go(func() {
					for n := worker; !stop.Load(); n++ {
						in.enter(t, n)
						scopes.Add(1)
					}
				})
			}
			for round := range 3 {
				in.move(t, postgres.MoveOptions{All: true, To: round % 3})
				in.move(t, postgres.MoveOptions{Even: true})
			}
			stop.Store(true)
			load.Wait()
			t.Logf("%d scopes", scopes.Load())
			if got := in.tenantsOf(t); got != "0:4 1:4 2:4" || in.stray(t) != "" {
				t.Errorf("%s, %s", got, in.stray(t))
			}
			for _, id := range in.ids {
				for _, text := range pgtest.Notes(t, in.db, id) {
					if text != id.String() {
						t.Errorf("%s reads a note of %s", id, text)
					}
				}
			}
		})
	}
}

// enter writes and reads in a tenant, and looks from where.
func (in *installation) enter(t *testing.T, n int) {
	id := in.ids[n%len(in.ids)]
	err := in.db.InTenant(t.Context(), id, func(ctx context.Context, tx *sqlx.Tx) error {
		if n%10 == 0 {
			if _, err := tx.ExecContext(ctx, `INSERT INTO notes (text) VALUES ($1)`, id.String()); err != nil {
				return err
			}
		}
		var found string
		if err := tx.GetContext(ctx, &found, `SELECT current_schema() || coalesce((SELECT max(text) FROM notes WHERE text <> $1), '')`, id.String()); err != nil {
			return err
		}
		if found != "tenant_"+id.String() {
			return fmt.Errorf("it is in %s", found)
		}
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", id, err)
	}
	if n%7 == 0 {
		if _, err := in.db.Tenants().Probe(t.Context(), id); err != nil {
			t.Errorf("probe of %s: %v", id, err)
		}
	}
}
