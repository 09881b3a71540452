package setup_test

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// strayTables are the tables outside of our own schemas and the tenants'.
const strayTables = `SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'ext')`

func TestAFileCannotEndItsTransaction(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"COMMIT":                        `CREATE TABLE a (); COMMIT; CREATE TABLE b ()`,
		"COMMIT in capitals and spaces": "CREATE TABLE a ();\n  -- done\n  Commit  ;\n",
		"ROLLBACK":                      `CREATE TABLE a (); ROLLBACK; CREATE TABLE b ()`,
		"BEGIN without its COMMIT":      `BEGIN; CREATE TABLE a ()`,
		"two transactions":              `BEGIN; CREATE TABLE a (); COMMIT; BEGIN; CREATE TABLE b (); COMMIT;`,
		"an isolation level":            `BEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE a (); COMMIT;`,
		"COMMIT AND CHAIN":              `BEGIN; CREATE TABLE a (); COMMIT AND CHAIN;`,
		"ABORT":                         `CREATE TABLE a (); ABORT`,
		"SAVEPOINT":                     `SAVEPOINT s; CREATE TABLE a (); RELEASE s;`,
		"PREPARE TRANSACTION":           `CREATE TABLE a (); PREPARE TRANSACTION 'x'`,
		"a block that commits":          `DO $$ BEGIN CREATE TABLE a (); COMMIT; END $$`,
		"a procedure that commits":      `CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'; CALL p()`,
		"a comment before the dollars":  `CREATE TABLE a (); /* $pw$ */ END; CREATE TABLE b ()`,
	}
	db, cfg := pgtest.Open(t)
	pgtest.MakeTenant(t, db, "acme")
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			for _, tenants := range []bool{true, false} {
				cfg, file := cfg, "shared/0001_file.sql"
				if cfg.SharedMigrations = pgtest.Files(text, `CREATE TABLE next ()`); tenants {
					cfg.SharedMigrations, cfg.TenantMigrations, file = nil, pgtest.Files(text, `CREATE TABLE next ()`), "product/0001_file.sql"
				}
				pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, file, "transaction")
				super := pgtest.Superuser(t, cfg)
				if n := pgtest.Query[int](t, super, strayTables); n != 0 {
					t.Errorf("%d tables are where they don't belong", n)
				}
				if n := pgtest.Query[int](t, super, `SELECT count(*) FROM pg_tables WHERE tablename IN ('a', 'b', 'next')`); n != 0 {
					t.Errorf("%d tables stayed", n)
				}
				if n := pgtest.Query[int](t, super, `SELECT count(*) FROM partywall.migrations WHERE set IN ('product', 'shared')`); n != 0 {
					t.Errorf("%d files are recorded", n)
				}
			}
		})
	}
	pgtest.WithNotes(&cfg)
	if report := pgtest.SetUp(t, cfg); report != "brought 1 of 1 tenants to the newest version" {
		t.Errorf("the next setup did:\n%s", report)
	}
	pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "rival")
}

func TestATransactionAroundAFileIsLeftOut(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t)
	acme := pgtest.MakeTenant(t, db, "acme")
	cfg.TenantMigrations = pgtest.Files("-- made by a tool\nBEGIN;\nCREATE TABLE notes (id int, text text);\nCOMMIT;\n", `START TRANSACTION; ALTER TABLE notes ADD kind text; END TRANSACTION`)
	cfg.SharedMigrations = pgtest.Files(`BEGIN; CREATE TABLE plans (name text); COMMIT;`)
	pgtest.SetUp(t, cfg)
	db = pgtest.Reopen(t, cfg)
	pgtest.Note(t, db, acme, "kept")
	pgtest.Note(t, db, pgtest.MakeTenant(t, db, "rival"), "kept")
	if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), strayTables); n != 0 {
		t.Errorf("%d tables are where they don't belong", n)
	}
	cfg.TenantMigrations = pgtest.Files("-- made by a tool\nBEGIN;\nCREATE TABLE notes (id int, text text);\nCOMMIT;\n", `START TRANSACTION; ALTER TABLE notes ADD kind text; END TRANSACTION`,
		"BEGIN;\n\nSELECT *\nFROM nowhere;\nCOMMIT;")
	pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0003_file.sql", "(line 4)")
}

// TestAFileNeedsWhatOnlyItsOwnTransactionHas is about statements that a transaction
// can't have: the refusal says what to write in their place.
func TestAFileNeedsWhatOnlyItsOwnTransactionHas(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	for text, says := range map[string]string{
		`CREATE TABLE a (i int); CREATE INDEX CONCURRENTLY ON a (i)`: "without CONCURRENTLY, or have a file of index statements alone begin with -- +goose NO TRANSACTION",
		`VACUUM`:                    "transaction",
		`COPY pg_class FROM STDIN;`: "INSERT",
		"CREATE\u00a0TABLE a ()":    "<U+00A0>",
		"SELECT\u200b 1":            "<U+200B>",
	} {
		pgtest.WithFiles(text)(&cfg)
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0001_file.sql", says)
	}
}

func TestAFileThatMovesThePath(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(`CREATE TABLE notes (id int, text text)`))
	acme := pgtest.MakeTenant(t, db, "acme")
	first := `CREATE TABLE notes (id int, text text)`
	for name, text := range map[string]string{
		"to public":              `SET search_path TO public`,
		"to nowhere":             `SELECT pg_catalog.set_config('search_path', '', false)`,
		"until the end":          `SET LOCAL search_path = ext, pg_temp; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
		"to the default":         `SET search_path = public; CREATE TABLE a (); RESET search_path`,
		"to all defaults":        `RESET ALL`,
		"behind another's":       `SELECT set_config('search_path', 'shared, ' || current_setting('search_path'), false)`,
		"to a path that lies":    `CREATE SCHEMA liar; CREATE FUNCTION liar.current_schema() RETURNS name LANGUAGE sql AS $$ SELECT 'tenant_acme'::name $$; SET search_path = liar, pg_catalog`,
		"by dropping the schema": `DO $$ BEGIN EXECUTE format('DROP SCHEMA %I CASCADE', current_schema()); END $$`,
		"by renaming the schema": `DO $$ BEGIN EXECUTE format('ALTER SCHEMA %I RENAME TO elsewhere', current_schema()); END $$`,
	} {
		t.Run(name+" is refused before a tenant has it", func(t *testing.T) {
			cfg := cfg
			pgtest.WithFiles(first, text, `INSERT INTO notes VALUES (1, 'moved')`)(&cfg)
			pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0002_file.sql", "search path")
			if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), strayTables); n != 0 {
				t.Errorf("%d tables are where they don't belong", n)
			}
			if got := pgtest.Notes(t, db, acme); len(got) != 0 {
				t.Errorf("there is %q", got)
			}
		})
	}
	t.Run("a path that is set back is fine", func(t *testing.T) {
		cfg := cfg
		pgtest.WithFiles(first, `DO $$ DECLARE was text := current_setting('search_path'); BEGIN
			SET LOCAL search_path = shared; PERFORM set_config('search_path', was, true); END $$`, `INSERT INTO notes VALUES (1, 'here')`)(&cfg)
		pgtest.SetUp(t, cfg)
		db := pgtest.Reopen(t, cfg)
		for _, id := range []string{"acme", "rival"} {
			if id == "rival" {
				pgtest.MakeTenant(t, db, id)
			}
			if got := pgtest.Notes(t, db, pgtest.TenantID(t, id)); len(got) != 1 {
				t.Errorf("in %s there is %q", id, got)
			}
		}
	})
}

// TestAFileThatMovedThePathLongAgo is about one that an older setup took: new
// tenants can be made from it all the same, and its successors find their place.
func TestAFileThatMovedThePathLongAgo(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(`CREATE TABLE notes (id int, text text)`))
	acme := pgtest.MakeTenant(t, db, "acme")
	text := `CREATE TABLE notes (id int, text text); SET search_path TO public`
	super := pgtest.Superuser(t, cfg)
	for _, table := range []string{"migrations", "tenant_files"} {
		pgtest.Execute(t, super, `UPDATE partywall.`+table+` SET checksum = encode(sha256(convert_to($1, 'UTF8')), 'hex') WHERE set = 'product'`, text)
	}
	pgtest.Execute(t, super, `UPDATE partywall.tenant_files SET sql = $1`, text)
	pgtest.WithFiles(text, `INSERT INTO notes VALUES (1, 'here'); CREATE TABLE more ()`)(&cfg)
	pgtest.SetUp(t, cfg)
	db = pgtest.Reopen(t, cfg)
	pgtest.MakeTenant(t, db, "rival")
	for _, id := range []string{"acme", "rival"} {
		if got := pgtest.Notes(t, db, pgtest.TenantID(t, id)); len(got) != 1 {
			t.Errorf("in %s there is %q", id, got)
		}
	}
	if n := pgtest.Query[int](t, super, strayTables); n != 0 {
		t.Errorf("%d tables are where they don't belong", n)
	}
	_ = acme
}

func TestAReadOnlyTransactionIsTheFilesFault(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, pgtest.WithFiles())
	pgtest.WithFiles(`CREATE TABLE a (); SET TRANSACTION READ ONLY`, `CREATE TABLE b ()`)(&cfg)
	pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0001_file.sql", "READ ONLY")
}

// TestANewTenantsConstraints is about checks that are deferred: between the files
// of an older tenant, COMMIT runs them.
func TestANewTenantsConstraints(t *testing.T) {
	t.Parallel()
	tables := `
		CREATE TABLE "P q" (id int PRIMARY KEY);
		CREATE TABLE late (p int CONSTRAINT "to P" REFERENCES "P q" DEFERRABLE INITIALLY DEFERRED);
		CREATE TABLE early (p int CONSTRAINT at_once REFERENCES "P q" DEFERRABLE);
		CREATE TABLE ranked (n int UNIQUE DEFERRABLE INITIALLY DEFERRED);
		INSERT INTO late VALUES (1); INSERT INTO "P q" VALUES (1); INSERT INTO ranked VALUES (1);`
	good := []string{
		tables,
		`ALTER TABLE late ADD note text; ALTER TABLE "P q" ADD note text; ALTER TABLE ranked ADD note text`,
		`SET CONSTRAINTS ALL IMMEDIATE`,
		`INSERT INTO late VALUES (2); INSERT INTO "P q" VALUES (2); INSERT INTO ranked VALUES (1); UPDATE ranked SET n = 2 WHERE ctid = (SELECT max(ctid) FROM ranked)`,
		`SET CONSTRAINTS at_once DEFERRED; INSERT INTO early VALUES (3); INSERT INTO "P q" VALUES (3)`,
		`ALTER TABLE early ADD note text; DROP TABLE ranked`,
		`DO $$ BEGIN INSERT INTO early VALUES (4); RAISE 'the check came late'; EXCEPTION WHEN foreign_key_violation THEN END $$`,
	}
	db, cfg := pgtest.Open(t)
	pgtest.MakeTenant(t, db, "old")
	pgtest.WithFiles(good...)(&cfg)
	cfg.OnProvision = func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant, _ domain.Identity) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO late VALUES (5); INSERT INTO "P q" VALUES (5)`)
		return err
	}
	pgtest.SetUp(t, cfg)
	pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "new")
	pgtest.WithFiles(append(good, `INSERT INTO late VALUES (9)`, `SELECT 'innocent'`)...)(&cfg)
	pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0008_file.sql", "to P")
}

// TestATransactionForEachFile is about what one transaction can't have twice.
func TestATransactionForEachFile(t *testing.T) {
	t.Parallel()
	kinds := []string{`CREATE TYPE kind AS ENUM ('a')`, `ALTER TYPE kind ADD VALUE 'b'`, `CREATE TABLE things (kind kind DEFAULT 'b'); INSERT INTO things VALUES ('b')`}
	t.Run("of the shared ones", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		cfg.SharedMigrations = pgtest.Files(kinds...)
		pgtest.SetUp(t, cfg)
		if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM shared.things`); n != 1 {
			t.Errorf("there are %d", n)
		}
	})
	t.Run("of a tenant that exists", func(t *testing.T) {
		db, cfg := pgtest.Open(t, pgtest.WithFiles(kinds[0]))
		pgtest.MakeTenant(t, db, "acme")
		pgtest.WithFiles(kinds...)(&cfg)
		if pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT current_setting('server_version_num')::int`) >= 170000 {
			pgtest.SetUp(t, cfg)
			pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "rival")
			return
		}
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0003_file.sql", "55P04") // a new tenant has one transaction
		pgtest.MakeTenant(t, pgtest.Reopen(t, withoutFiles(cfg)), "rival")
	})
	t.Run("a failed migration is undone, and those before it stay", func(t *testing.T) {
		cfg := pgtest.NewConfig(t)
		cfg.SharedMigrations = pgtest.Files(`CREATE TABLE one ()`, `CREATE TABLE two (); SELECT * FROM nowhere`)
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "shared/0002_file.sql", "nowhere")
		if got := pgtest.Query[string](t, pgtest.Superuser(t, cfg), `SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = 'shared'`); got != "one" {
			t.Errorf("there is %s", got)
		}
		cfg.SharedMigrations = pgtest.Files(`CREATE TABLE one ()`, `CREATE TABLE two ()`)
		pgtest.SetUp(t, cfg)
	})
}

func withoutFiles(cfg postgres.Config) postgres.Config {
	cfg.TenantMigrations = nil
	return cfg
}
