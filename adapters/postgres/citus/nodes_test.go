package citus_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/ports/doctor"
)

// TestNodesThatRefuseTenants runs alone, since all databases of the cluster are refused.
func TestNodesThatRefuseTenants(t *testing.T) {
	cfg := pgtest.NewConfig(t, withFiles)
	if !*pgtest.OnCitus {
		pgtest.SetUp(t, cfg)
		pgtest.MustFind(t, cfg, "database-citus", doctor.OK, "no coordinator")
		return
	}
	admit := pgtest.RefuseTenants(t)
	pgtest.MustFailSetup(t, cfg, postgres.CodeLoginRefused, "refuse the roles of tenants", "pg_hba.conf", "TENANT_ROLES=off")
	pgtest.MustFind(t, cfg, "database-citus", doctor.Error, "nodes refuse", "database-migrations", "new-tenants")
	admit()
	pgtest.SetUp(t, cfg)
	pgtest.MustFind(t, cfg, "database-citus", doctor.OK, "on the nodes")
}

// TestATableThatABlockMakes is served on one server. Citus would keep it on the coordinator.
func TestATableThatABlockMakes(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t, pgtest.WithFiles(`DO $$BEGIN CREATE TABLE made (n int); END$$`))
	if *pgtest.OnCitus {
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "table made", "outside of functions and DO blocks")
		return
	}
	pgtest.SetUp(t, cfg)
	db := pgtest.Reopen(t, cfg)
	mustHave(t, db, pgtest.MakeTenant(t, db, "acme"), `SELECT count(*)::text FROM made`, "0")
}
