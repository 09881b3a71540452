package app_test

import (
	"context"
	"database/sql"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/app/apptest"
	"github.com/partywall-go/partywall/domain"
)

// sqlOf returns the block of SQL in docs/embedding.md that has part.
func sqlOf(t *testing.T, part string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(block[1], part) {
			return block[1]
		}
	}
	t.Fatalf("docs/embedding.md has no SQL with %q", part)
	return ""
}

// TestTheSharedJobsOfTheDocs runs the migration that docs/embedding.md shows.
func TestTheSharedJobsOfTheDocs(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	config := app.Config{SharedMigrations: fstest.MapFS{"0001_jobs.sql": {Data: []byte(sqlOf(t, "CREATE TABLE jobs"))}}}
	acme := apptest.Open(t, &config)
	beta := acme.Another(t)
	for _, x := range []*apptest.Tenant{acme, beta} {
		err := x.InTenant(t.Context(), x.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
			if _, err := tx.ExecContext(ctx, `INSERT INTO shared.jobs (kind) VALUES ('report')`); err != nil {
				return err
			}
			var n int
			if err := tx.GetContext(ctx, &n, `SELECT shared.waiting()`); err != nil || n != 1 {
				t.Errorf("a tenant sees %d jobs: %v", n, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var tenants []string
	err := acme.InShared(t.Context(), func(ctx context.Context, tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &tenants, `DELETE FROM jobs RETURNING tenant`)
	})
	if err != nil || len(tenants) != 2 || !strings.HasSuffix(tenants[0], "_t_"+acme.ID.String()) {
		t.Errorf("the workers found %q: %v", tenants, err)
	}
	address, err := acme.SharedURL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	workers, err := sql.Open("postgres", address.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	defer workers.Close()
	if _, err := workers.ExecContext(t.Context(), `DELETE FROM jobs`); err != nil {
		t.Errorf("a library's own connection: %v", err)
	}
}

func TestOnMemoryNothingIsShared(t *testing.T) {
	acme := apptest.OpenMemory(t, &invoices)
	err := acme.InShared(t.Context(), func(context.Context, *sqlx.Tx) error { return nil })
	if domain.CodeOf(err) != app.CodeNoDatabase {
		t.Errorf("InShared: %v", err)
	}
	if _, err := acme.SharedURL(t.Context()); domain.CodeOf(err) != app.CodeNoDatabase {
		t.Errorf("SharedURL: %v", err)
	}
}
