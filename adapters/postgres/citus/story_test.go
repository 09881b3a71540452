package citus_test

import (
	"context"
	"maps"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
)

// files are a product whose statements Citus takes one at a time alone.
var files = pgtest.Files(`
	CREATE TYPE mood AS ENUM ('sad;', 'ok');
	CREATE TABLE folders (id bigint PRIMARY KEY, name text NOT NULL);
	CREATE INDEX folders_by_name ON folders (name);
	CREATE TABLE files (
		id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		folder bigint NOT NULL REFERENCES folders DEFERRABLE INITIALLY DEFERRED,
		name   text NOT NULL,
		mood   mood NOT NULL DEFAULT 'ok'
	);
	INSERT INTO folders VALUES (1, 'inbox');
	SELECT id, name INTO copies FROM folders;
	DO $$BEGIN UPDATE folders SET name = name || ';'; END$$`)

// newerFiles come with the product's next version.
var newerFiles = pgtest.Files("", `
	ALTER TABLE files ADD size bigint NOT NULL DEFAULT 0;
	CREATE TABLE tags (file bigint REFERENCES files, tag text);
	CREATE INDEX tags_by_tag ON tags (tag);
	UPDATE folders SET name = 'new ' || name`,
	`CREATE INDEX CONCURRENTLY files_by_name ON files (name)`,
	`ALTER TYPE mood ADD VALUE 'happy'`)

func withFiles(cfg *postgres.Config) { cfg.TenantMigrations = files }

func withNewerFiles(cfg *postgres.Config) {
	all := maps.Clone(newerFiles)
	maps.Copy(all, files)
	cfg.TenantMigrations = all
}

func TestTheStoryOfTenants(t *testing.T) {
	t.Parallel()
	for name, change := range pgtest.Walls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, withFiles, change)
			acme, rival := pgtest.MakeTenant(t, db, "acme"), pgtest.MakeTenant(t, db, "rival")
			addFile(t, db, acme, "acme's")
			addFile(t, db, rival, "the rival's")
			mustHave(t, db, acme, `SELECT f.name || ' in ' || d.name FROM files f JOIN folders d ON d.id = f.folder`, "acme's in inbox;")
			mustSpread(t, cfg, 6)

			withNewerFiles(&cfg)
			pgtest.SetUp(t, cfg)
			newer := pgtest.Reopen(t, cfg)
			mustHave(t, newer, rival, `SELECT name || size FROM files`, "the rival's0")
			mustHave(t, newer, acme, `SELECT name FROM folders`, "new inbox;")
			mustHave(t, newer, pgtest.MakeTenant(t, newer, "late"), `SELECT name FROM folders`, "new inbox;")
			mustSpread(t, cfg, 12)

			copied := pgtest.TenantID(t, "copied")
			copyTenant(t, newer, acme, copied)
			mustHave(t, newer, copied, `SELECT f.name || ' in ' || d.name FROM files f JOIN folders d ON d.id = f.folder`, "acme's in new inbox;")
			addFile(t, newer, copied, "another")
			mustHave(t, newer, copied, `SELECT max(id)::text FROM files`, "2")
			mustSpread(t, cfg, 16)
			pgtest.MustBeWhole(t, cfg, 4)
		})
	}
}

// addFile adds a file as the tenant.
func addFile(t *testing.T, db *postgres.DB, id domain.TenantID, name string) {
	t.Helper()
	err := db.InTenant(t.Context(), id, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO files (folder, name) VALUES (1, $1)`, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// mustHave fails unless the tenant reads the value.
func mustHave(t *testing.T, db *postgres.DB, id domain.TenantID, query, want string) {
	t.Helper()
	err := db.InTenant(t.Context(), id, func(ctx context.Context, tx *sqlx.Tx) error {
		if got := pgtest.Query[string](t, tx, query); got != want {
			t.Errorf("%s has %q, want %q", id, got, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// mustSpread fails unless, on a cluster, the tables of tenants lie on nodes, and no others do.
func mustSpread(t *testing.T, cfg postgres.Config, tables int) {
	t.Helper()
	if !*pgtest.OnCitus {
		return
	}
	super := pgtest.Superuser(t, cfg)
	if got := pgtest.Query[int](t, super, `SELECT count(*) FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid JOIN pg_dist_schema s ON s.schemaid = c.relnamespace`); got != tables {
		t.Errorf("%d tables lie on nodes, want %d", got, tables)
	}
	if other := pgtest.Query[string](t, super, `SELECT coalesce(string_agg(logicalrelid::text, ', '), '') FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid WHERE c.relnamespace::regnamespace::text !~ '^"?tenant_'`); other != "" {
		t.Errorf("Citus also keeps %s", other)
	}
}
