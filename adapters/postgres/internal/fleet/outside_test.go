package fleet_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

const (
	tableOfNotes = `CREATE TABLE notes (id int, text text)`
	uniqueNotes  = "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE UNIQUE INDEX CONCURRENTLY once ON notes (text);\nCREATE INDEX CONCURRENTLY by_id ON notes (id) WHERE text <> '';\n-- +goose Down\nDROP INDEX once;\n"

	// indexes are the valid indexes of a tenant, and the invalid ones in parentheses.
	indexes = `SELECT coalesce(string_agg(CASE WHEN i.indisvalid THEN c.relname ELSE '(' || c.relname || ')' END, ' ' ORDER BY c.relname), '')
		FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = to_regnamespace('tenant_' || $1)`
	begun = `SELECT count(*) FROM partywall.migrations_begun`
)

func TestAFileOutsideOfATransaction(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	super := pgtest.Superuser(t, cfg)
	for _, id := range []string{"acme", "twice"} {
		pgtest.Note(t, db, pgtest.MakeTenant(t, db, id), "a note")
	}
	pgtest.Note(t, db, pgtest.TenantID(t, "twice"), "a note")
	pgtest.WithFiles(tableOfNotes, uniqueNotes, `ALTER TABLE notes ADD priority int DEFAULT 1`)(&cfg)

	pgtest.MustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "1 of 2 tenants", "twice (migration product/0002_file.sql failed", "could not create unique index")
	newer := pgtest.Reopen(t, cfg)
	pgtest.MakeTenant(t, newer, "fresh")
	pgtest.MakeTenant(t, db, "late") // by the program of the release before
	for id, want := range map[string]string{"acme": "by_id once", "fresh": "by_id once", "late": "by_id once", "twice": "(once)"} {
		if got := pgtest.Query[string](t, super, indexes, id); got != want {
			t.Errorf("%s has the indexes %s, want %s", id, got, want)
		}
	}
	if n := pgtest.Query[int](t, super, begun); n != 1 {
		t.Errorf("%d files have begun", n)
	}

	pgtest.Execute(t, super, `DELETE FROM tenant_twice.notes`)
	if report := pgtest.SetUp(t, cfg); report != "brought 1 of 4 tenants to the newest version" {
		t.Errorf("it said:\n%s", report)
	}
	if got := pgtest.Query[string](t, super, indexes, "twice"); got != "by_id once" {
		t.Errorf("twice has the indexes %s", got)
	}
	if n := pgtest.Query[int](t, super, begun); n != 0 {
		t.Errorf("%d files have begun", n)
	}
	if err := newer.InTenant(t.Context(), pgtest.TenantID(t, "twice"), pgtest.SetPriorities); err != nil {
		t.Error(err)
	}
}

// TestAnAttemptThatBrokeOff continues where the connection of an earlier attempt ended:
// after a statement that was not recorded as done, and within one.
func TestAnAttemptThatBrokeOff(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T, cfg postgres.Config, statement int) {
		t.Helper()
		pgtest.Execute(t, pgtest.Superuser(t, cfg), `
			INSERT INTO partywall.migrations_begun (set, tenant, number, checksum, statement)
			SELECT 'product', 'acme', 2, checksum, $1 FROM partywall.tenant_files WHERE set = 'product' AND number = 2`, statement)
	}
	const invalid = `CREATE INDEX once ON tenant_acme.notes (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'tenant_acme.once'::regclass`
	for name, c := range map[string]struct {
		left      string
		statement int // 0: none was begun
		says      string
	}{
		"after a statement":            {`CREATE UNIQUE INDEX once ON tenant_acme.notes (text)`, 1, ""},
		"after the last statement":     {`CREATE UNIQUE INDEX once ON tenant_acme.notes (text); CREATE INDEX by_id ON tenant_acme.notes (id)`, 2, ""},
		"within a statement":           {invalid, 1, ""},
		"before a statement":           {`SELECT 1`, 1, ""},
		"an index of another":          {`CREATE INDEX once ON tenant_acme.notes (id)`, 0, "the index once exists already, and not by this file"},
		"an invalid index of another":  {invalid, 0, "the index once exists already and is not valid"},
		"a partitioned table's, later": {`CREATE TABLE tenant_acme.parts (i int) PARTITION BY LIST (i); CREATE TABLE tenant_acme.part PARTITION OF tenant_acme.parts DEFAULT; CREATE INDEX once ON ONLY tenant_acme.parts (i)`, 1, "the index once exists already and is not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
			super := pgtest.Superuser(t, cfg)
			pgtest.MakeTenant(t, db, "acme")
			newest := cfg
			pgtest.WithFiles(tableOfNotes, uniqueNotes)(&newest)
			pgtest.Execute(t, super, c.left)
			pgtest.Execute(t, super, `DO $$ DECLARE name text; BEGIN
				FOR name IN SELECT format('TABLE tenant_acme.%I', relname) FROM pg_class WHERE relnamespace = 'tenant_acme'::regnamespace AND relkind IN ('r', 'p')
				LOOP EXECUTE format('ALTER %s OWNER TO `+cfg.User+`', name); END LOOP; END $$`)
			if c.statement > 0 {
				publish(t, newest)
				begin(t, newest, c.statement)
			}
			if c.says != "" {
				pgtest.MustFailSetup(t, newest, postgres.CodeSetupIncomplete, c.says)
				return
			}
			pgtest.SetUp(t, newest)
			if got := pgtest.Query[string](t, super, indexes, "acme"); got != "by_id once" {
				t.Errorf("the indexes are %s", got)
			}
			if !pgtest.Query[bool](t, super, `SELECT indisunique FROM pg_index WHERE indexrelid = 'tenant_acme.once'::regclass`) {
				t.Error("the invalid index was kept")
			}
			if n := pgtest.Query[int](t, super, begun); n != 0 {
				t.Errorf("%d files have begun", n)
			}
		})
	}
}

// publish has setup take the files, and leave the tenants as they are.
func publish(t *testing.T, cfg postgres.Config) {
	t.Helper()
	super := pgtest.Superuser(t, cfg)
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET version = 99`)
	pgtest.SetUp(t, cfg)
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET version = 1`)
}
