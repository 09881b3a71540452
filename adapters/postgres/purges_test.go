package postgres_test

import (
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/ports"
)

// TestAPurgeReachesEachTableWithRowsOfTenants compares the list of tables that a purge
// empties with the tables of the system.
func TestAPurgeReachesEachTableWithRowsOfTenants(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	kept := []string{
		"events",           // without addresses
		"invitation_mails", // which are counted for a day, also for an address in other tenants
		"event_laggards",   // the tenant's last events are delivered, too
		"purges",           // Bury and Finish end its row
	}
	var tables []string
	if err := pgtest.Superuser(t, cfg).SelectContext(t.Context(), &tables, `
		SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		WHERE c.relnamespace = 'partywall'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant' ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	if len(tables) == 0 {
		t.Error("no table has rows of tenants")
	}
	for _, table := range tables {
		if slices.Contains(kept, table) == slices.Contains(postgres.TablesOfTenants, table) {
			t.Errorf("a purge must either empty partywall.%s, or have a reason to keep it", table)
		}
	}
	for _, table := range slices.Concat(kept, postgres.TablesOfTenants) {
		if !slices.Contains(tables, table) {
			t.Errorf("no table partywall.%s has rows of tenants", table)
		}
	}
}

// TestAnOlderProgramDoesNotGiveOutTheIDOfATombstone inserts a tenant as the release before
// tombstones does.
func TestAnOlderProgramDoesNotGiveOutTheIDOfATombstone(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	owner := pgtest.Login(t, cfg, cfg.User, cfg.Password)
	pgtest.Execute(t, owner, `INSERT INTO partywall.tombstones (id, name, created_at) VALUES ('gone', 'Gone', now())`)
	for id, want := range map[string]int64{"gone": 0, "free": 1} {
		inserted, err := owner.ExecContext(t.Context(), `
			INSERT INTO partywall.tenants (id, name, status, request, gate, created_at, expires_at) VALUES ($1, 'New', 'unclaimed', 'r', 0, now(), now())
			ON CONFLICT (id) DO NOTHING`, id)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := inserted.RowsAffected(); n != want {
			t.Errorf("%d rows of %s were inserted, want %d", n, id, want)
		}
	}
}

func TestTheCheckFindsWhatIsLeftOfTenants(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	pgtest.MakeTenant(t, db, "whole")
	pgtest.MakeTenant(t, db, "bare")
	pgtest.MakeTenant(t, db, "led")
	pgtest.MakeTenant(t, db, "lent")
	super := pgtest.Superuser(t, cfg)
	role := "pw_" + pgtest.Query[string](t, super, `SELECT inst FROM partywall.installation`) + "_t_"
	for _, statement := range []string{
		`CREATE SCHEMA tenant_orphan`,
		`CREATE ROLE "` + role + `orphan"`,
		`INSERT INTO partywall.migrations (set, tenant, number, name, checksum) VALUES ('tenant', 'orphan', 1, 'a', 'b')`,
		`DROP SCHEMA tenant_bare CASCADE`,
		`DROP OWNED BY "` + role + `bare"; DROP ROLE "` + role + `bare"`,
		`DELETE FROM partywall.memberships WHERE tenant = 'bare'`,
		`UPDATE partywall.memberships SET state = 'suspended' WHERE tenant = 'led'`,
		`UPDATE partywall.memberships SET expires_at = now() + interval '1 hour' WHERE tenant = 'lent'`,
	} {
		pgtest.Execute(t, super, statement)
	}
	got, err := db.Purges().Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []ports.TenantFault{
		ports.NoOwner("bare"), {Tenant: "bare", What: "no role", Fix: "set the database up again, which makes it"}, {Tenant: "bare", What: "no schema", Fix: "restore the tenant from a backup"}, ports.NoOwner("led"), ports.NoOwner("lent"),
		{Tenant: "orphan", What: "a role without a tenant"}, {Tenant: "orphan", What: "a schema without a tenant"},
		{Tenant: "orphan", What: "rows of a tenant that does not exist, in partywall.migrations"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
