package setup_test

import (
	"testing"
	"testing/fstest"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// named returns migrations by their names.
func named(texts map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

// with returns the files with another one.
func with(files fstest.MapFS, name, text string) fstest.MapFS {
	more := named(map[string]string{name: text})
	for name, file := range files {
		if more[name] == nil {
			more[name] = file
		}
	}
	return more
}

func TestFoldersOfOtherTools(t *testing.T) {
	t.Parallel()
	for tool, files := range map[string]fstest.MapFS{
		"goose": named(map[string]string{
			"20260131120000_notes.sql": "-- +goose Up\nCREATE TABLE notes (id int, text text);\n-- +goose Down\nDROP TABLE notes;\n",
			"20260214083000_Add priority.sql": "-- +goose Up\n-- +goose StatementBegin\nCREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\nEND $$\n-- +goose StatementEnd\n" +
				"ALTER TABLE notes ADD priority int DEFAULT one();\n-- +goose Down\n-- +goose StatementBegin\nSELECT 'never run' FROM nowhere;\n-- +goose StatementEnd\n",
			"helpers.go": "package migrations", "00001_test.go": "package migrations",
		}),
		"golang-migrate": named(map[string]string{
			"000001_notes.up.sql": "CREATE TABLE notes (id int, text text);", "000001_notes.down.sql": "DROP TABLE notes;",
			"000005_priority.up.sql": "BEGIN;\nALTER TABLE notes ADD priority int DEFAULT 1;\nCOMMIT;\n", "000005_priority.down.sql": "ALTER TABLE notes DROP priority;",
		}),
	} {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t)
			old := pgtest.MakeTenant(t, db, "old")
			cfg.TenantMigrations = files
			pgtest.SetUp(t, cfg)
			if report := pgtest.SetUp(t, cfg); report != "" {
				t.Errorf("the second setup did:\n%s", report)
			}
			newer := pgtest.Reopen(t, cfg)
			pgtest.Note(t, newer, old, "kept")
			pgtest.Note(t, newer, pgtest.MakeTenant(t, newer, "new"), "kept")
			pgtest.Note(t, db, pgtest.MakeTenant(t, db, "late"), "by a program without the files")
			for _, id := range []string{"old", "new", "late"} {
				if err := newer.InTenant(t.Context(), pgtest.TenantID(t, id), pgtest.SetPriorities); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
}

func TestTheOrderOfFiles(t *testing.T) {
	t.Parallel()
	const first, between, third, fourth = "0010_notes.sql", "0020_between.sql", "0030_third.sql", "20260131120000_fourth.sql"
	two := named(map[string]string{first: tableOfNotes, third: `ALTER TABLE notes ADD priority int DEFAULT 1`})
	db, cfg := pgtest.Open(t)
	cfg.TenantMigrations, cfg.SharedMigrations = two, named(map[string]string{first: `CREATE TABLE plans ()`, third: `CREATE TABLE prices ()`})
	pgtest.SetUp(t, cfg)

	t.Run("before a tenant has them, a file may come between, and another may go", func(t *testing.T) {
		draft := cfg
		draft.TenantMigrations = named(map[string]string{first: tableOfNotes, between: `SELECT 'a draft'`})
		pgtest.SetUp(t, draft)
		draft.TenantMigrations = with(two, between, `SELECT 'a draft'`)
		pgtest.SetUp(t, draft)
		pgtest.SetUp(t, cfg)
		if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM partywall.tenant_files`); n != 2 {
			t.Errorf("%d files make a tenant", n)
		}
	})

	acme := pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "acme")
	pgtest.MakeTenant(t, db, "beta")
	t.Run("a file that sorts before one that was applied is refused", func(t *testing.T) {
		cfg := cfg
		cfg.TenantMigrations = with(two, between, `SELECT 1`)
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/"+between, "sorts before product/"+third, "above 30")
		cfg.TenantMigrations, cfg.SharedMigrations = two, with(cfg.SharedMigrations.(fstest.MapFS), between, `SELECT 1`)
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "shared/"+between, "sorts before shared/"+third)
	})
	t.Run("a file that was applied and removed is named", func(t *testing.T) {
		cfg := cfg
		cfg.TenantMigrations = named(map[string]string{third: `ALTER TABLE notes ADD priority int DEFAULT 1`})
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationChanged, "product/"+first+" was applied", "restore the file")
	})
	t.Run("a later file is fine, and the older program serves on", func(t *testing.T) {
		newest := cfg
		newest.TenantMigrations = with(two, fourth, `ALTER TABLE notes ADD author text`)
		pgtest.SetUp(t, newest)
		if report := pgtest.SetUp(t, cfg); report != "" {
			t.Errorf("the older setup did:\n%s", report)
		}
		older := pgtest.Reopen(t, cfg)
		pgtest.Note(t, older, acme, "kept")
		pgtest.MakeTenant(t, older, "late")
		if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM partywall.tenants WHERE version = 20260131120000`); n != 3 {
			t.Errorf("%d tenants have all files", n)
		}
		status, err := postgres.Migrations(t.Context(), newest)
		if err != nil || status.Wanted.Product != 20260131120000 || len(status.Behind) != 0 {
			t.Errorf("got %+v, %v", status, err)
		}
	})
}

func TestASharedFileOutsideOfATransaction(t *testing.T) {
	t.Parallel()
	cfg := pgtest.NewConfig(t)
	cfg.SharedMigrations = pgtest.Files(`CREATE TABLE plans (name text); INSERT INTO plans VALUES ('a'), ('a')`,
		"-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY by_name ON plans (name);\nCREATE UNIQUE INDEX CONCURRENTLY once ON plans (name);", `CREATE TABLE prices ()`)
	pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "shared/0002_file.sql", "could not create unique index")
	super := pgtest.Superuser(t, cfg)
	pgtest.Execute(t, super, `DELETE FROM shared.plans`)
	pgtest.SetUp(t, cfg)
	if n := pgtest.Query[int](t, super, `SELECT count(*) FROM pg_index WHERE indrelid = 'shared.plans'::regclass AND indisvalid`); n != 2 {
		t.Errorf("there are %d valid indexes", n)
	}
	if report := pgtest.SetUp(t, cfg); report != "" {
		t.Errorf("the next setup did:\n%s", report)
	}
}

func TestAChangedFileNamesItsTenants(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	pgtest.MakeTenant(t, db, "acme")
	pgtest.MakeTenant(t, db, "bolt")
	pgtest.WithFiles(tableOfNotes + ` -- changed`)(&cfg)
	pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationChanged, "product/0001_file.sql was changed", "in 2 tenants", "acme, bolt")
	_, err := postgres.PlanMigrations(t.Context(), cfg)
	pgtest.MustBe(t, err, postgres.CodeMigrationChanged)
	pgtest.MustSay(t, err, "product/0001_file.sql", "acme, bolt")
}

func TestAPlan(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	for _, id := range []string{"acme", "bolt", "cove"} {
		pgtest.MakeTenant(t, db, id)
	}
	cfg.SharedMigrations = pgtest.Files(`CREATE TABLE plans ()`)
	pgtest.WithFiles(tableOfNotes, `SELECT 2`, `SELECT 3`)(&cfg)
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `UPDATE partywall.tenants SET version = 2 WHERE id = 'bolt'`)
	plan, err := postgres.PlanMigrations(t.Context(), cfg)
	if err != nil || plan.Tenants != 3 || len(plan.Shared) != 1 || len(plan.Steps) != 2 {
		t.Fatalf("got %+v, %v", plan, err)
	}
	if first := plan.Steps[0]; first.Tenants != 2 || len(first.Files) != 2 || first.Files[0] != "product/0002_file.sql" || len(first.First) != 2 {
		t.Errorf("got %+v", first)
	}
	if second := plan.Steps[1]; second.Tenants != 1 || len(second.Files) != 1 || second.First[0].String() != "bolt" {
		t.Errorf("got %+v", second)
	}
	report, err := postgres.Migrate(t.Context(), cfg, postgres.MigrateOptions{}, func(string) {})
	if err != nil || report.Brought != 3 {
		t.Fatalf("got %+v, %v", report, err)
	}
	if plan, err = postgres.PlanMigrations(t.Context(), cfg); err != nil || len(plan.Shared) != 0 || len(plan.Steps) != 0 {
		t.Errorf("got %+v, %v", plan, err)
	}
	cfg.Database = pgtest.NewConfig(t).Database
	if _, err := postgres.Migrate(t.Context(), cfg, postgres.MigrateOptions{}, func(string) {}); err == nil {
		t.Error("a database that does not exist was migrated")
	}
}
