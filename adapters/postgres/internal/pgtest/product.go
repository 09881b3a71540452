package pgtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
)

// WithNotes gives each tenant a table.
func WithNotes(cfg *postgres.Config) {
	cfg.TenantMigrations = fstest.MapFS{"0001_notes.sql": {Data: []byte(`
		CREATE TABLE notes (
			id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
			text   text NOT NULL,
			parent bigint REFERENCES notes DEFERRABLE INITIALLY DEFERRED
		);
		CREATE FUNCTION count_notes() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM notes'`)}}
}

// WithPlans gives all tenants two shared tables, one of which is not granted.
func WithPlans(cfg *postgres.Config) {
	cfg.SharedMigrations = fstest.MapFS{"0001_plans.sql": {Data: []byte(`
		CREATE TABLE plans (name text); GRANT SELECT ON plans TO PUBLIC;
		CREATE TABLE jobs AS SELECT 'the rival''s job' AS job`)}}
}

// WithPriorities is the next version of the product of [WithNotes].
func WithPriorities(cfg *postgres.Config) {
	WithNotes(cfg)
	next := fstest.MapFS{"0002_priorities.sql": {Data: []byte(`ALTER TABLE notes ADD priority int NOT NULL DEFAULT 1`)}}
	maps.Copy(next, cfg.TenantMigrations.(fstest.MapFS))
	cfg.TenantMigrations = next
}

// Files returns a product's migrations, numbered from 1 in their order.
func Files(texts ...string) fstest.MapFS {
	found := fstest.MapFS{}
	for i, text := range texts {
		found[fmt.Sprintf("%04d_file.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return found
}

// WithFiles gives tenants these migrations.
func WithFiles(texts ...string) func(*postgres.Config) {
	return func(cfg *postgres.Config) { cfg.TenantMigrations = Files(texts...) }
}

// ErrProduct is an error of the product's code.
var ErrProduct = errors.New("the product's own error")

// SetPriorities is the function of a scope that needs the migration of [WithPriorities].
func SetPriorities(ctx context.Context, tx *sqlx.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE notes SET priority = 2`)
	return err
}
