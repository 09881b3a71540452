package postgres_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// TestALargeTenantIsPurged has a tenant with 1,000 tables and partitions, 500 views and
// 2,500 large objects. It does not run beside other tests, because it measures the heap.
func TestALargeTenantIsPurged(t *testing.T) {
	db, cfg := pgtest.Open(t)
	id := pgtest.MakeTenant(t, db, "large")
	super := pgtest.Superuser(t, cfg)
	for _, statement := range []string{
		`CREATE TABLE tenant_large.parts (n int PRIMARY KEY) PARTITION BY RANGE (n)`,
		`DO $$ BEGIN FOR i IN 0..499 LOOP
			EXECUTE format('CREATE TABLE tenant_large.part_%s PARTITION OF tenant_large.parts FOR VALUES FROM (%s) TO (%s)', i, i, i + 1);
		END LOOP; END $$`,
		`CREATE TABLE tenant_large.refers (n int REFERENCES tenant_large.parts)`,
		`DO $$ BEGIN FOR i IN 1..500 LOOP
			EXECUTE format('CREATE TABLE tenant_large.table_%s (id serial PRIMARY KEY, part int REFERENCES tenant_large.table_%s)', i, greatest(i - 1, 1));
			EXECUTE format('CREATE VIEW tenant_large.view_%s AS SELECT * FROM tenant_large.table_%s', i, i);
		END LOOP; END $$`,
		`DO $$ DECLARE owner text := (SELECT 'pw_' || inst || '_t_large' FROM partywall.installation); BEGIN FOR i IN 1..2500 LOOP
			EXECUTE format('ALTER LARGE OBJECT %s OWNER TO %I', lo_create(0), owner);
		END LOOP; END $$`,
	} {
		pgtest.Execute(t, super, statement)
	}
	for _, change := range []domain.TenantChange{{Action: domain.DeleteTenant}, {Action: domain.PurgeTenant}} {
		if _, err := db.Lifecycle().Change(t.Context(), ports.TenantChange{Tenant: id, By: domain.OperatorActor(), TenantChange: change}); err != nil {
			t.Fatal(err)
		}
	}
	purge, found, err := db.Purges().Acquire(t.Context(), ports.PurgeRequest{Lease: ports.PurgeLease{Tenant: id, Holder: "test", Duration: time.Hour}})
	if err != nil || !found {
		t.Fatalf("the purge is not due: %v", err)
	}
	before, steps := allocated(), 0
	for more := true; more; steps++ {
		if more, err = db.Purges().RemoveData(t.Context(), purge.Lease); err != nil {
			t.Fatalf("step %d: %v", steps, err)
		}
	}
	if err := db.Purges().Bury(t.Context(), purge.Lease, time.Hour); err != nil {
		t.Fatal(err)
	}
	if grown := allocated() - before; grown > 64<<20 {
		t.Errorf("the purge holds %d MiB", grown>>20)
	}
	if steps < 20 {
		t.Errorf("it took only %d steps", steps)
	}
	if left := pgtest.Query[int](t, super, `SELECT count(*) FROM pg_largeobject_metadata`); left != 0 {
		t.Errorf("%d large objects are left", left)
	}
	if faults, err := db.Purges().Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("the check finds %+v, %v", faults, err)
	}
}

func allocated() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // a heap is smaller
}
