package citus_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
)

// TestWhatIsMadeFollowsTheRules reads the catalogue of an installation: Citus has no
// triggers on tenants' tables, and no foreign keys out of a tenant's schema.
func TestWhatIsMadeFollowsTheRules(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, withFiles)
	pgtest.MakeTenant(t, db, "acme")
	super := pgtest.Superuser(t, cfg)
	const inTenant = `n.nspname LIKE 'tenant\_%'`
	if got := pgtest.Query[int](t, super, `SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND `+inTenant); got == 0 {
		t.Error("the tenant has no table")
	}
	for what, query := range map[string]string{
		"triggers": `SELECT coalesce(string_agg(g.tgname, ', '), '') FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE NOT g.tgisinternal AND ` + inTenant,
		"foreign keys between schemas": `SELECT coalesce(string_agg(k.conname, ', '), '') FROM pg_constraint k
			JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN pg_class r ON r.oid = k.confrelid JOIN pg_namespace m ON m.oid = r.relnamespace
			WHERE k.contype = 'f' AND n.oid <> m.oid AND (` + inTenant + ` OR m.nspname LIKE 'tenant\_%')`,
	} {
		if found := pgtest.Query[string](t, super, query); found != "" {
			t.Errorf("tenants have %s: %s", what, found)
		}
	}
}

// TestNoStatementReachesTwoTenants reads each text of ours that is SQL: one that names the
// schema of a tenant names that of one only.
func TestNoStatementReachesTwoTenants(t *testing.T) {
	t.Parallel()
	texts := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "pgtest") {
			return err
		}
		switch filepath.Ext(path) {
		case ".sql":
			content, err := os.ReadFile(path)
			texts++
			mustReachOne(t, path, string(content))
			return err
		case ".go":
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
					text, _ := strconv.Unquote(literal.Value)
					texts++
					mustReachOne(t, path, text)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if texts < 500 {
		t.Errorf("only %d texts were read", texts)
	}
}

// tenantTable is a table of a tenant's where a statement reads or writes it.
var tenantTable = regexp.MustCompile(`(?i)\b(?:from|join|into|update|using|table|references)\s+(?:only\s+)?("?(?:\{schema\}|tenant_[a-z0-9-]+)"?)\.`)

// tenantsOf returns the schemas of the tenants that a text reaches.
func tenantsOf(text string) map[string]bool {
	schemas := map[string]bool{}
	for _, found := range tenantTable.FindAllStringSubmatch(text, -1) {
		schemas[found[1]] = true
	}
	return schemas
}

func mustReachOne(t *testing.T, path, text string) {
	t.Helper()
	if len(tenantsOf(text)) > 1 {
		t.Errorf("%s has a statement that reaches several tenants: %s", path, text)
	}
}

func TestStatementsOverTenantsAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		`SELECT * FROM tenant_acme.a JOIN tenant_bolt.b ON true`:        2,
		`INSERT INTO "tenant_a-b".a SELECT * FROM "tenant_c".a`:         2,
		`SELECT * FROM {schema}.a JOIN {schema}.b USING (id)`:           1,
		`SELECT * FROM partywall.tenant_files JOIN partywall.tenants t`: 0,
	} {
		if got := len(tenantsOf(text)); got != want {
			t.Errorf("%s reaches %d tenants, want %d", text, got, want)
		}
	}
}
