package gates_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// TestMoreGatesThanConnections has six gates share the three connections that serve
// tenants: each tenant is served, and a fourth connection is never open.
func TestMoreGatesThanConnections(t *testing.T) {
	t.Parallel()
	in := install(t, 6, func(cfg *postgres.Config) { cfg.MaxConns = 5 })
	in.set(t, 6)
	in.move(t, postgres.MoveOptions{Even: true})
	db := pgtest.Reopen(t, in.cfg)
	_ = in.db.Close()
	in.db = db
	var load, watch sync.WaitGroup
	var stop atomic.Bool
	for worker := range 12 {
		load.Go(func() {
			for n := range 20 {
				in.enter(t, worker+n)
			}
		})
	}
	most := 0
	watch.Go(func() {
		for !stop.Load() {
			most = max(most, pgtest.Query[int](t, in.super, `
				SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND usename LIKE '%\_gate\_%' AND state IN ('active', 'idle in transaction')`))
		}
	})
	load.Wait()
	stop.Store(true)
	watch.Wait()
	if most > 2*3 { // the server looks at one connection after the other, and six pools of two would have twelve
		t.Errorf("%d connections are at work at once", most)
	}
}
