package postgres_test

import (
	"slices"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
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
