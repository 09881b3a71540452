package schema

import (
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/postgres/internal/pg"
)

func TestStatements(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"none":                         {" \n-- SELECT 1;\n/* ; */ ;; ", nil},
		"without a last semicolon":     {"SELECT 1; SELECT 2", []string{"SELECT 1;", "SELECT 2"}},
		"strings":                      {`SELECT ';', 'it''s;', "a"";b"; SELECT 2;`, []string{`SELECT ';', 'it''s;', "a"";b";`, "SELECT 2;"}},
		"a backslash is plain":         {`SELECT '\'; SELECT 2;`, []string{`SELECT '\';`, "SELECT 2;"}},
		"unless in an escape string":   {`SELECT E'\';', e'a\\'; SELECT 2;`, []string{`SELECT E'\';', e'a\\';`, "SELECT 2;"}},
		"a name that ends in e":        {`SELECT note'\'; SELECT 2;`, []string{`SELECT note'\';`, "SELECT 2;"}},
		"dollar quotes":                {"DO $$BEGIN; $a$ END$$; DO $a_1$ $$;$b$; $a_1$; SELECT 3;", []string{"DO $$BEGIN; $a$ END$$;", "DO $a_1$ $$;$b$; $a_1$;", "SELECT 3;"}},
		"dollars that quote nothing":   {"SELECT $1, a$b$; SELECT $1$; SELECT 3;", []string{"SELECT $1, a$b$;", "SELECT $1$;", "SELECT 3;"}},
		"comments nest":                {"SELECT /* a /* ; */ ; */ 1 -- ; '\n; SELECT 2;", []string{"SELECT /* a /* ; */ ; */ 1 -- ; '\n;", "SELECT 2;"}},
		"a rule's parentheses":         {"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3;", []string{"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", "SELECT 3;"}},
		"a parenthesis too many":       {"SELECT 1); SELECT 2;", []string{"SELECT 1);", "SELECT 2;"}},
		"a function of statements":     {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3;", []string{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;", "SELECT 3;"}},
		"a replaced procedure":         {"create or replace procedure p() begin atomic select 1; end; select 2;", []string{"create or replace procedure p() begin atomic select 1; end;", "select 2;"}},
		"a function called begin":      {"CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT 2;", []string{"CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1';", "SELECT 2;"}},
		"a body's names":               {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t.end, 1 AS case FROM t; SELECT 1 AS END; END; SELECT 2;", []string{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT t.end, 1 AS case FROM t; SELECT 1 AS END; END;", "SELECT 2;"}},
		"an escape string goes on":     {"SELECT E'a' -- b\n\t'\\';', E'a' '\\'; SELECT 2;", []string{"SELECT E'a' -- b\n\t'\\';', E'a' '\\';", "SELECT 2;"}},
		"a block comment ends that":    {"SELECT E'a' /* b */\n'\\'; SELECT 2;", []string{"SELECT E'a' /* b */\n'\\';", "SELECT 2;"}},
		"a carriage return ends lines": {"SELECT 1 -- ;\r; SELECT 2;", []string{"SELECT 1 -- ;\r;", "SELECT 2;"}},
		"no function begins a body":    {"BEGIN; CASE; END;", []string{"BEGIN;", "CASE;", "END;"}},
		"letters beyond ASCII":         {"SELECT né$x$;SELECT 'ü;';", []string{"SELECT né$x$;", "SELECT 'ü;';"}},
		"a string that doesn't end":    {"SELECT 1; SELECT ';", []string{"SELECT 1;", "SELECT ';"}},
		"a quote that doesn't end":     {"SELECT 1; SELECT $q$;", []string{"SELECT 1;", "SELECT $q$;"}},
		"a comment that doesn't end":   {"SELECT 1; /* SELECT ;", []string{"SELECT 1;"}},
		"an escape at the file's end":  {`SELECT E'\`, []string{`SELECT E'\`}},
	} {
		t.Run(name, func(t *testing.T) {
			got := split(c.file)
			if strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestATransactionThatAFileOpensAndEndsIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"BEGIN;\nSELECT 1;\nCOMMIT;\n",
		"-- notes\nbegin work; SELECT 1; SELECT ';'; end",
		"BEGIN TRANSACTION;SELECT 1;COMMIT TRANSACTION; -- done",
		"start /* a */ transaction ; SELECT 1; commit and no chain;",
		"BEGIN; CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; COMMIT;",
		"BEGIN; COMMIT;",
		"BEGIN;\r\nSELECT 1;\r\nEND TRANSACTION AND NO CHAIN;",
	} {
		got := withoutTransaction(file)
		if len(got) != len(file) || strings.Count(got, "\n") != strings.Count(file, "\n") {
			t.Errorf("%q moved: %q", file, got)
		}
		upper := strings.ToUpper(strings.ReplaceAll(got, "BEGIN ATOMIC SELECT 1; END", ""))
		for _, word := range []string{"BEGIN", "START", "COMMIT", "END"} {
			if strings.Contains(upper, word) {
				t.Errorf("%q still has %s: %q", file, word, got)
			}
		}
		if i := strings.Index(file, "SELECT"); i >= 0 && i != strings.Index(got, "SELECT") {
			t.Errorf("%q lost its statements: %q", file, got)
		}
	}
}

func TestOtherTransactionsOfAFileStay(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"", "SELECT 1;", "BEGIN;", "BEGIN; SELECT 1;", "SELECT 1; COMMIT;",
		"BEGIN; SELECT 1; ROLLBACK;", "BEGIN; SELECT 1; COMMIT AND CHAIN;", "BEGIN; SELECT 1; COMMIT PREPARED 'a';",
		"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;", "BEGIN READ ONLY; SELECT 1; COMMIT;",
		"SELECT 1; BEGIN; SELECT 2; COMMIT;", "BEGIN; SELECT 1; COMMIT; SELECT 2;",
		"BEGIN; CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;",
		`"BEGIN"; SELECT 1; COMMIT;`, "'BEGIN'; COMMIT;", "/* BEGIN; */ SELECT 1; /* COMMIT; */",
	} {
		if got := withoutTransaction(file); got != file {
			t.Errorf("%q became %q", file, got)
		}
	}
}

func FuzzStatements(f *testing.F) {
	for _, seed := range []string{"BEGIN; SELECT ';'; COMMIT", "DO $a$ ; $a$; SELECT E'\\';", "/* /* */ ;", "CREATE FUNCTION f() BEGIN ATOMIC ; END;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		at := 0
		for _, s := range statements(file) {
			mustBeBlank(t, file[at:s.from])
			if again := statements(file[s.from:s.to]); len(again) != 1 || again[0].to != s.to-s.from {
				t.Fatalf("%q, a statement of %q, has %d", file[s.from:s.to], file, len(again))
			}
			at = s.to
		}
		mustBeBlank(t, file[at:])
		if got := withoutTransaction(file); len(got) != len(file) {
			t.Fatalf("%q became %q", file, got)
		}
	})
}

// mustBeBlank fails unless what no statement has is comments, spaces and semicolons alone.
func mustBeBlank(t *testing.T, text string) {
	t.Helper()
	for l := (pg.Lexer{Text: text}); l.Next(); {
		if l.Token != ";" {
			t.Fatalf("%q is in no statement", text)
		}
	}
}

// split returns the text of a file's statements.
func split(file string) (texts []string) {
	for _, s := range statements(file) {
		texts = append(texts, file[s.from:s.to])
	}
	return texts
}
