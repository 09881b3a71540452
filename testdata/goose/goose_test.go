package goose_test

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	_ "github.com/lib/pq"
	"github.com/pressly/goose/v3"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

var server *embeddedpg.Server

func TestMain(m *testing.M) {
	var err error
	if server, err = embeddedpg.StartTemporary(context.Background(), embeddedpg.Temporary{}); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// open connects as the superuser, with the search path.
func open(t *testing.T, database, path string) *sql.DB {
	t.Helper()
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", server.SuperuserPassword.Reveal()), Host: fmt.Sprintf("%s:%d", server.Host, server.Port), Path: "/" + database,
		RawQuery: url.Values{"sslmode": {"disable"}, "search_path": {path}}.Encode(),
	}
	db, err := sql.Open("postgres", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// config is of an installation whose tenants have the files.
func config(database string, files fs.FS) postgres.Config {
	return postgres.Config{Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, SSLMode: "disable", Database: database, TenantMigrations: files}
}

func setUp(t *testing.T, cfg postgres.Config) *postgres.DB {
	t.Helper()
	if err := postgres.Setup(t.Context(), cfg, func(string) {}); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func create(t *testing.T, db *postgres.DB, name string) {
	t.Helper()
	id, err := domain.ParseTenantID(name)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := domain.NewIdentity("test", "ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Tenants().Create(t.Context(), ports.TenantCreation{ID: id, Name: name, Owner: owner}); err != nil {
		t.Fatal(err)
	}
}

// up has goose run the files in a schema that is named like a tenant's.
func up(t *testing.T, db *sql.DB, files fs.FS) error {
	t.Helper()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	_, err = provider.Up(t.Context())
	return err
}

// TestAFolderMeansTheSame has goose and Partywall run one folder, and compares what the
// schemas have then: of a tenant that had none of the files, and of a new one.
func TestAFolderMeansTheSame(t *testing.T) {
	files := os.DirFS("migrations")
	execute(t, open(t, "postgres", ""), "CREATE DATABASE by_goose")
	byGoose := open(t, "by_goose", "tenant_old")
	execute(t, byGoose, "CREATE SCHEMA tenant_old")
	if err := up(t, byGoose, files); err != nil {
		t.Fatal(err)
	}
	execute(t, byGoose, "DROP TABLE goose_db_version")
	want := describe(t, byGoose, "tenant_old")
	if !strings.Contains(want, "invoices_by_customer") || !strings.Contains(want, "FUNCTION") || !strings.Contains(want, "Zoë") {
		t.Fatalf("goose made less than the folder says:\n%s", want)
	}

	create(t, setUp(t, config("by_partywall", nil)), "old")
	create(t, setUp(t, config("by_partywall", files)), "new")
	for _, tenant := range []string{"old", "new"} {
		schema := "tenant_" + tenant
		got := strings.ReplaceAll(describe(t, open(t, "by_partywall", schema), schema), schema, "tenant_old")
		if got != want {
			t.Errorf("the %s tenant has\n%s\nwhere goose made\n%s", tenant, got, want)
		}
	}
}

// describe lists what a schema has, and the rows of its tables.
func describe(t *testing.T, db *sql.DB, schema string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `
		SELECT format('%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.relnamespace = to_regnamespace($1) AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL SELECT pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = to_regnamespace($1)
		UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = to_regnamespace($1)
		UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = to_regnamespace($1)
		UNION ALL SELECT t.typname || ' ' || e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = to_regnamespace($1)
		UNION ALL SELECT c.relname || ' ' || obj_description(c.oid) FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND obj_description(c.oid) IS NOT NULL
		UNION ALL SELECT table_to_xml(c.oid, true, true, '')::text FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'v')
		ORDER BY 1`, schema)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// refusals are files that one of the two refuses, or both.
var refusals = map[string]struct {
	text             string
	goose, partywall bool // refuses it
}{
	"a statement":                       {"-- +goose Up\nSELECT 1;\n", false, false},
	"down before up":                    {"-- +goose Down\nSELECT 1;\n-- +goose Up\nSELECT 1;\n", true, true},
	"down alone":                        {"-- +goose Down\nSELECT 1;\n", true, true},
	"up twice":                          {"-- +goose Up\nSELECT 1;\n-- +goose Up\nSELECT 2;\n", true, true},
	"down twice":                        {"-- +goose Up\n-- +goose Down\n-- +goose Down\n", true, true},
	"up after down":                     {"-- +goose Up\n-- +goose Down\n-- +goose Up\n", true, true},
	"a statement before up":             {"SELECT 1;\n-- +goose Up\nSELECT 2;\n", true, true},
	"a block comment before up":         {"/* notes */\n-- +goose Up\nSELECT 2;\n", true, true},
	"a block without an end":            {"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n", true, true},
	"a block that down ends":            {"-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\n", true, true},
	"a block in a block":                {"-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementBegin\n-- +goose StatementEnd\n", true, true},
	"an end without a block":            {"-- +goose Up\nSELECT 1;\n-- +goose StatementEnd\n", true, true},
	"a block of down without an end":    {"-- +goose Up\n-- +goose Down\n-- +goose StatementBegin\nSELECT 1;\n", true, true},
	"a block before up":                 {"-- +goose StatementBegin\n-- +goose Up\n", true, true},
	"a mark behind spaces":              {"-- +goose Up\n  -- +goose Down\n", true, true},
	"an unknown mark":                   {"-- +goose Up\n-- +goose Sideways\n", true, true},
	"a mark without a word":             {"-- +goose Up\n-- +goose\n", true, true},
	"prose about goose below up":        {"-- +goose Up\n-- as +goose has it\nSELECT 1;\n", true, true},
	"a statement that fails":            {"-- +goose Up\nSELECT 1 FROM nowhere;\n", true, true},
	"a query without a table":           {"-- +goose Up\nSELECT 1;\n-- +goose Down\n\n", false, false},
	"an index that needs its own":       {"-- +goose Up\nCREATE TABLE t (i int);\nCREATE INDEX CONCURRENTLY a ON t (i);\n", true, true},
	"a semicolon that is missing":       {"-- +goose Up\nSELECT 1\n", true, false},
	"a body without a block":            {"-- +goose Up\nDO $$ BEGIN\nPERFORM 1;\nEND $$;\n", true, false},
	"a plain file":                      {"SELECT 1;\n", true, false},
	"variables of the environment":      {"-- +goose Up\n-- +goose ENVSUB ON\nSELECT '${HOME}';\n", false, true},
	"rows without a transaction":        {"-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n", false, true},
	"a comment behind a semicolon":      {"-- +goose Up\nSELECT 1; /* one */\n", true, false},
	"a transaction that the file opens": {"-- +goose Up\nBEGIN;\nSELECT 1;\nCOMMIT;\n", true, false},
	"a transaction that the file ends":  {"-- +goose Up\nSELECT 1;\nCOMMIT;\n", true, true},
}

func TestRefusals(t *testing.T) {
	const name = "00001_file.sql"
	setUp(t, config("refusals", nil))
	execute(t, open(t, "postgres", ""), "CREATE DATABASE refused_by_goose")
	n := 0
	for title, c := range refusals {
		t.Run(title, func(t *testing.T) {
			files := fstest.MapFS{name: {Data: []byte(c.text)}}
			n++
			path := fmt.Sprintf("refusal_%d", n)
			byGoose := open(t, "refused_by_goose", path)
			execute(t, byGoose, "CREATE SCHEMA "+path)
			if err := up(t, byGoose, files); (err != nil) != c.goose {
				t.Errorf("goose: %v", err)
			}
			err := postgres.Setup(t.Context(), config("refusals", files), func(string) {})
			if (err != nil) != c.partywall || err != nil && !strings.Contains(err.Error(), "product/"+name) {
				t.Errorf("partywall: %v", err)
			}
		})
	}
}
