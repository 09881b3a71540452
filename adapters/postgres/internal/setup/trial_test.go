package setup_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// TestFilesThatOneTenantAloneCanHave is about files that name something outside of
// the tenant's schema: the first tenant takes it, and no other can be made.
func TestFilesThatOneTenantAloneCanHave(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t)
	for text, says := range map[string]string{
		`CREATE EXTENSION hstore SCHEMA ext`:                                `"hstore" already exists`,
		`CREATE SCHEMA reports`:                                             `"reports" already exists`,
		`CREATE TABLE shared.plans (name text)`:                             `"plans" already exists`,
		`INSERT INTO shared.names VALUES ('taken')`:                         `duplicate key`,
		`CREATE TABLE notes (); DROP EXTENSION citext`:                      `"citext" does not exist`,
		`CREATE TABLE notes (); ALTER TABLE shared.names RENAME TO "later"`: `"shared.names" does not exist`,
	} {
		cfg := cfg
		cfg.SharedMigrations = pgtest.Files(`CREATE TABLE names (name text PRIMARY KEY); CREATE EXTENSION citext SCHEMA ext`)
		pgtest.WithFiles(text, `CREATE TABLE next ()`)(&cfg)
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0001_file.sql", says, "second tenant", "IF NOT EXISTS")
	}
	pgtest.WithFiles(`CREATE EXTENSION IF NOT EXISTS hstore SCHEMA ext; CREATE SCHEMA IF NOT EXISTS reports`)(&cfg)
	cfg.SharedMigrations = pgtest.Files(`CREATE TABLE names (name text PRIMARY KEY); CREATE EXTENSION citext SCHEMA ext`)
	pgtest.SetUp(t, cfg)
	db := pgtest.Reopen(t, cfg)
	pgtest.MakeTenant(t, db, "acme")
	pgtest.MakeTenant(t, db, "rival")
}

// TestAFileThatEndsInAQuery is about SELECT INTO, which EXECUTE refuses in its last
// statement.
func TestAFileThatEndsInAQuery(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t)
	pgtest.WithFiles(
		`SELECT 1 AS id INTO a`,
		"SET work_mem = '1MB';\nWITH one AS (SELECT 1 AS id) SELECT id INTO b FROM one -- the end",
		"BEGIN;\nSELECT 1 AS id INTO c;\nCOMMIT;",
		`SELECT 1 AS id INTO d; SELECT count(*) FROM d; /* the end */`,
	)(&cfg)
	pgtest.SetUp(t, cfg)
	pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "acme")
	if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM pg_tables WHERE schemaname = 'tenant_acme' AND tablename IN ('a', 'b', 'c', 'd')`); n != 4 {
		t.Errorf("there are %d tables", n)
	}
	pgtest.WithFiles("CREATE TABLE a ();\nSELECT *\nFROM nowhere")(&cfg)
	cfg.Database = pgtest.NewConfig(t).Database
	pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "nowhere", "(line 3)")
}
