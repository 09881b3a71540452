package postgres_test

import (
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// TestFilesThatOneTenantAloneCanHave is about files that name something outside of
// the tenant's schema: the first tenant takes it, and no other can be made.
func TestFilesThatOneTenantAloneCanHave(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	for text, says := range map[string]string{
		`CREATE EXTENSION hstore SCHEMA ext`:                                `"hstore" already exists`,
		`CREATE SCHEMA reports`:                                             `"reports" already exists`,
		`CREATE TABLE shared.plans (name text)`:                             `"plans" already exists`,
		`INSERT INTO shared.names VALUES ('taken')`:                         `duplicate key`,
		`CREATE TABLE notes (); DROP EXTENSION citext`:                      `"citext" does not exist`,
		`CREATE TABLE notes (); ALTER TABLE shared.names RENAME TO "later"`: `"shared.names" does not exist`,
	} {
		cfg := cfg
		cfg.SharedMigrations = files(`CREATE TABLE names (name text PRIMARY KEY); CREATE EXTENSION citext SCHEMA ext`)
		withFiles(text, `CREATE TABLE next ()`)(&cfg)
		mustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0001_file.sql", says, "second tenant", "IF NOT EXISTS")
	}
	withFiles(`CREATE EXTENSION IF NOT EXISTS hstore SCHEMA ext; CREATE SCHEMA IF NOT EXISTS reports`)(&cfg)
	cfg.SharedMigrations = files(`CREATE TABLE names (name text PRIMARY KEY); CREATE EXTENSION citext SCHEMA ext`)
	setUp(t, cfg)
	db := reopen(t, cfg)
	makeTenant(t, db, "acme")
	makeTenant(t, db, "rival")
}

// TestAFileThatEndsInAQuery is about SELECT INTO, which EXECUTE refuses in its last
// statement.
func TestAFileThatEndsInAQuery(t *testing.T) {
	t.Parallel()
	cfg := config(t)
	withFiles(
		`SELECT 1 AS id INTO a`,
		"SET work_mem = '1MB';\nWITH one AS (SELECT 1 AS id) SELECT id INTO b FROM one -- the end",
		"BEGIN;\nSELECT 1 AS id INTO c;\nCOMMIT;",
		`SELECT 1 AS id INTO d; SELECT count(*) FROM d; /* the end */`,
	)(&cfg)
	setUp(t, cfg)
	makeTenant(t, reopen(t, cfg), "acme")
	if n := query[int](t, superuser(t, cfg), `SELECT count(*) FROM pg_tables WHERE schemaname = 'tenant_acme' AND tablename IN ('a', 'b', 'c', 'd')`); n != 4 {
		t.Errorf("there are %d tables", n)
	}
	withFiles("CREATE TABLE a ();\nSELECT *\nFROM nowhere")(&cfg)
	cfg.Database = config(t).Database
	mustFailSetup(t, cfg, postgres.CodeMigrationFailed, "nowhere", "(line 3)")
}
