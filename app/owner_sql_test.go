package app_test

import (
	"context"
	"errors"
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

// ownersFunctions is a product with the migration that docs/embedding.md contains.
func ownersFunctions(t *testing.T) *app.Config {
	t.Helper()
	return &app.Config{TenantMigrations: fstest.MapFS{
		"0001_invoices.sql":  {Data: []byte(`CREATE TABLE invoices (text text, cents bigint); CREATE TABLE notes (text text)`)},
		"0002_functions.sql": {Data: []byte(sqlOf(t, "SECURITY DEFINER"))},
	}}
}

// inside runs statements in x's tenant, in order.
func inside(t *testing.T, x *apptest.Tenant, statements ...string) error {
	t.Helper()
	return x.InTenant(t.Context(), x.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// numberOf reads a number in x's tenant.
func numberOf(t *testing.T, x *apptest.Tenant, query string) (n int) {
	t.Helper()
	err := x.InTenant(t.Context(), x.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error { return tx.GetContext(ctx, &n, query) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestATenantHasItsOwnersWorkDoneByFunctions(t *testing.T) {
	needPostgres(t)
	for name, roles := range map[string]string{"with roles": "on", "without roles": "off"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := ownersFunctions(t)
			config.Database.Roles = roles
			acme := apptest.Open(t, config)
			beta := acme.Another(t)
			for _, x := range []*apptest.Tenant{acme, beta} {
				if err := inside(t, x, `INSERT INTO invoices VALUES ('Bricks', 1200)`, `INSERT INTO drafts VALUES ('a'), ('b')`); err != nil {
					t.Fatal(err)
				}
			}
			if err := inside(t, acme, `SELECT refresh_totals()`, `SELECT empty_drafts()`, `SELECT restart_numbers(1000)`); err != nil {
				t.Fatal(err)
			}
			for query, want := range map[string][2]int{
				`SELECT coalesce(sum(cents), 0) FROM totals`: {1200, 0},
				`SELECT count(*) FROM drafts`:                {0, 2},
				`SELECT nextval('invoice_number')`:           {1000, 1},
			} {
				if got := [2]int{numberOf(t, acme, query), numberOf(t, beta, query)}; got != want {
					t.Errorf("%s: acme and its neighbour have %v, want %v", query, got, want)
				}
			}
			if roles == "off" {
				return
			}
			for _, statement := range []string{`REFRESH MATERIALIZED VIEW totals`, `TRUNCATE drafts`, `SELECT setval('invoice_number', 7)`, `SELECT "tenant_` + beta.ID.String() + `".empty_drafts()`} {
				if err := inside(t, acme, statement); err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") {
					t.Errorf("%s: %v", statement, err)
				}
			}
		})
	}
}

// TestWhatAStatementDoesInAScope compares the table of docs/embedding.md with the results.
func TestWhatAStatementDoesInAScope(t *testing.T) {
	needPostgres(t)
	page, err := os.ReadFile("../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	acme := apptest.Open(t, ownersFunctions(t))
	const works, ends = "works", "ends with the scope"
	tried := map[string]struct {
		want  string
		try   []string // nil: COPY
		after string   // a query in the next scope, whose result is 0 if nothing is left
	}{
		"`NOTIFY`":                              {want: works, try: []string{`NOTIFY jobs, 'wake up'`}},
		"`LISTEN`":                              {want: ends, try: []string{`LISTEN jobs`}, after: `SELECT count(*) FROM pg_listening_channels()`},
		"`CREATE TEMP TABLE`":                   {want: "refused (42501)", try: []string{`CREATE TEMP TABLE scratch (id int)`}},
		"`COPY ... FROM STDIN`":                 {want: works},
		"`pg_advisory_xact_lock`":               {want: works, try: []string{`SELECT pg_advisory_xact_lock(hashtext(current_schema()), 7)`}},
		"`pg_advisory_lock`":                    {want: ends, try: []string{`SELECT pg_advisory_lock(4711, 7)`}, after: `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711`},
		"`PREPARE`, `DECLARE ... WITH HOLD`":    {want: ends, try: []string{`PREPARE mine AS SELECT 1`, `DECLARE held CURSOR WITH HOLD FOR SELECT 1`}, after: `SELECT (SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine') + (SELECT count(*) FROM pg_cursors)`},
		"`SET`, `set_config`":                   {want: ends, try: []string{`SET work_mem = '8MB'`, `SELECT set_config('product.mine', 'x', false)`}, after: `SELECT (current_setting('work_mem') = '8MB')::int + (coalesce(current_setting('product.mine', true), '') <> '')::int`},
		"`SAVEPOINT`, `ROLLBACK TO`":            {want: works, try: []string{`SAVEPOINT a`, `ROLLBACK TO a`}},
		"`COMMIT`, `ROLLBACK`":                  {want: "refused (`scope_ended`)", try: []string{`COMMIT`}},
		"`VACUUM`, `CREATE INDEX CONCURRENTLY`": {want: "refused (25001)", try: []string{`VACUUM notes`}},
	}
	for name, c := range tried {
		if !regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(name+" | "+c.want) + `\b|^\| ` + regexp.QuoteMeta(name+" | "+c.want)).Match(page) {
			t.Errorf("docs/embedding.md does not state that %s %s", name, c.want)
		}
		err := inside(t, acme, c.try...)
		if c.try == nil {
			err = copyInto(t, acme)
		}
		reason := sqlStateOf(err)
		if reason == "" {
			reason = string(domain.CodeOf(err))
		}
		switch c.want {
		case works, ends:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		default:
			if err == nil || !strings.Contains(c.want, reason) {
				t.Errorf("%s: want %s, got %v", name, c.want, err)
			}
		}
		if c.after == "" {
			continue
		}
		for range 12 { // any connection of the gate may be the affected one
			if left := numberOf(t, acme, c.after); left != 0 {
				t.Errorf("%s: %d are left behind", name, left)
			}
		}
	}
	table := regexp.MustCompile(`(?s)\| statement \| in a scope \|\n.*?\n\n`).FindString(string(page))
	if rows := strings.Count(table, "\n| `"); rows != len(tried) {
		t.Errorf("the table has %d rows, and %d are tried", rows, len(tried))
	}
}

// copyInto copies a row into x's tenant.
func copyInto(t *testing.T, x *apptest.Tenant) error {
	t.Helper()
	return x.InTenant(t.Context(), x.Owner.Member, func(ctx context.Context, tx *sqlx.Tx) error {
		rows, err := tx.PrepareContext(ctx, `COPY notes (text) FROM STDIN`)
		if err != nil {
			return err
		}
		defer rows.Close()
		if _, err := rows.ExecContext(ctx, "copied"); err != nil {
			return err
		}
		_, err = rows.ExecContext(ctx)
		return err
	})
}

// sqlStateOf returns the SQLSTATE of an error, or "".
func sqlStateOf(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}
