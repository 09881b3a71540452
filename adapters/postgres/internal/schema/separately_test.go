package schema_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
)

// separate files have the same effect, whole or statement by statement.
var separate = map[string]string{
	"tables":             "CREATE TABLE a (id int PRIMARY KEY, t text); CREATE TABLE b (a int REFERENCES a, n int DEFAULT 7);\nCREATE INDEX b_n ON b (n); INSERT INTO a VALUES (1, ';'), (2, 'it''s;'); INSERT INTO b VALUES (1), (2)",
	"strings":            "CREATE TABLE a (t text); INSERT INTO a VALUES (E'a\\';'), ('\\'), ($$;$$), ($x$;$$;$x$), (U&'d\\0061;'), (E'a' -- b\n'\\';')",
	"comments":           "/* ; /* ; */ ; */ CREATE TABLE a /* ; */ (n int -- ;\n); -- ;\n/**/; ; CREATE TABLE b ();",
	"names":              `CREATE TABLE "a;""b" (";" int, né int); INSERT INTO "a;""b" VALUES (1, 2)`,
	"blocks":             "CREATE TABLE a (n int); DO $$BEGIN INSERT INTO a VALUES (1); INSERT INTO a VALUES (2); END$$; INSERT INTO a VALUES (3);",
	"functions":          "CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql AS $f$BEGIN RETURN n; END$f$; CREATE TABLE a (n int DEFAULT f(3)); INSERT INTO a DEFAULT VALUES",
	"atomic":             "CREATE TABLE a (n int); CREATE FUNCTION f() RETURNS int BEGIN ATOMIC INSERT INTO a VALUES (1); SELECT CASE WHEN true THEN 1 END AS end; END; SELECT f(); SELECT f()",
	"a procedure":        "CREATE TABLE a (n int); CREATE OR REPLACE PROCEDURE p(x int) BEGIN ATOMIC INSERT INTO a VALUES (x); INSERT INTO a VALUES (x + 1); END; CALL p(1);",
	"begin as a name":    "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE a AS SELECT begin() AS n;",
	"rules":              "CREATE TABLE a (n int); CREATE TABLE b (n int); CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (NEW.n); INSERT INTO b VALUES (-NEW.n)); INSERT INTO a VALUES (1)",
	"enums":              "CREATE TYPE mood AS ENUM ('sad;', 'ok'); CREATE TABLE a (m mood); INSERT INTO a VALUES ('sad;')",
	"queries":            "SELECT 1; SELECT 2 AS n INTO a; WITH x AS (SELECT 3 AS n) SELECT n INTO b FROM x; (SELECT 4); VALUES (5); TABLE a",
	"a query at the end": "SELECT 2 AS n INTO a",
	"its own settings":   "SET LOCAL statement_timeout = '5s'; CREATE TABLE a AS SELECT current_setting('statement_timeout') AS t; SET CONSTRAINTS ALL DEFERRED",
	"a transaction":      "BEGIN;\nCREATE TABLE a (n int);\nCOMMIT;",
	"marks of goose":     "-- +goose Up\nCREATE TABLE a (n int);\n-- +goose StatementBegin\nDO $$BEGIN INSERT INTO a VALUES (1); END$$\n-- +goose StatementEnd\nINSERT INTO a VALUES (2);\n-- +goose Down\nDROP TABLE a;",
	"nothing":            " -- nothing\n;",

	"fails: a table that is missing": "CREATE TABLE a (n int);\n\nINSERT INTO a VALUES (1);\nINSERT INTO b\nVALUES (1);",
	"fails: a column, after letters": "CREATE TABLE é (n int); -- ééé\nSELECT n,\n  'ü', m FROM é;",
	"fails: a row":                   "CREATE TABLE a (n int PRIMARY KEY); INSERT INTO a VALUES (1); INSERT INTO a VALUES (1)",
	"fails: syntax":                  "CREATE TABLE a (n int);\nCREATE TABEL b ();",
	"fails: COMMIT":                  "CREATE TABLE a (n int); COMMIT; CREATE TABLE b (n int)",
	"fails: SAVEPOINT":               "SAVEPOINT s; CREATE TABLE b (n int)",
	"fails: COPY":                    "CREATE TABLE a (n int); COPY a FROM STDIN; CREATE TABLE b ()",
	"fails: no transaction":          "CREATE TABLE a (n int); VACUUM a",
	"fails: no end":                  "CREATE TABLE a (n int); INSERT INTO a VALUES ('1);",
	"fails: read-only":               "SET TRANSACTION READ ONLY; SELECT 1;",
	"fails: a path":                  "SET search_path = pg_catalog; SELECT 1",
}

func TestAFileHasTheSameEffectStatementByStatement(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t)
	cfg, _ = cfg.WithDefaults()
	db := pg.ConnectOwn(cfg, 1)
	t.Cleanup(func() { _ = db.Close() })
	for name, file := range separate {
		t.Run(name, func(t *testing.T) {
			whole, wholeErr := runFile(t, db, cfg, file, false)
			separately, err := runFile(t, db, cfg, file, true)
			if (wholeErr != nil) != strings.HasPrefix(name, "fails: ") {
				t.Fatalf("whole: %v", wholeErr)
			}
			if advice(err) != advice(wholeErr) {
				t.Fatalf("whole: %v\nseparately: %v", wholeErr, err)
			}
			if whole != separately {
				t.Errorf("whole:\n%s\nseparately:\n%s", whole, separately)
			}
		})
	}
}

// advice is what an error says of a statement that only a client can send, where it is
// about one, and else all of it.
func advice(err error) string {
	text := fmt.Sprint(err)
	return text[max(0, strings.Index(text, "each file runs in a transaction")):]
}

// errUndone undoes what a file did.
var errUndone = errors.New("undone")

// runFile runs a file in a schema of its own, and returns what it made.
func runFile(t *testing.T, db *sqlx.DB, cfg pg.Config, file string, separately bool) (made string, err error) {
	t.Helper()
	cfg.TenantMigrations = fstest.MapFS{"0001_file.sql": {Data: []byte(file)}}
	sets, err := schema.LoadSets(cfg)
	if err != nil {
		t.Fatal(err)
	}
	set := sets.Tenant[1]
	on := schema.TenantTarget("tenant_a")
	on.Separately = separately
	err = pg.InScope(t.Context(), db, cfg.OwnScope(), func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `CREATE SCHEMA tenant_a`); err != nil {
			return err
		}
		if err := on.Run(ctx, tx, set, set.Migrations); err != nil {
			return err
		}
		if err := tx.GetContext(ctx, &made, contents); err != nil {
			return err
		}
		return errUndone
	})
	if errors.Is(err, errUndone) {
		err = nil
	}
	return made, err
}

// contents is all that the schema has, with its rows.
const contents = `
	SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '') FROM (
		SELECT format('%s %I.%s %s', c.relkind, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) AS line
		FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = 'tenant_a'::regnamespace
		UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'tenant_a'::regnamespace
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'tenant_a'
		UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'tenant_a'::regnamespace
		UNION ALL SELECT definition FROM pg_rules WHERE schemaname = 'tenant_a'
		UNION ALL SELECT format('%s %s', t.typname, e.enumlabel) FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = 'tenant_a'::regnamespace
		UNION ALL SELECT query_to_xml(format('SELECT * FROM tenant_a.%I', relname), true, false, '')::text FROM pg_class WHERE relnamespace = 'tenant_a'::regnamespace AND relkind = 'r'
	) lines`
