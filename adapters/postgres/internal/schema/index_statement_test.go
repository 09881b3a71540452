package schema

import (
	"strings"
	"testing"
)

func TestIndexStatements(t *testing.T) {
	t.Parallel()
	const file = "create index concurrently a on t (i);\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"B c\" ON ONLY t USING btree (lower(x)) WHERE x <> ';';\n" +
		"DROP INDEX CONCURRENTLY IF EXISTS a; -- old\nREINDEX INDEX CONCURRENTLY d;\nREINDEX TABLE t; CREATE INDEX e ON t (i, j)"
	found, err := indexStatements(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range found {
		words := []string{s.verb, s.name}
		if s.concurrently {
			words = append(words, file[s.word[0]:s.word[1]])
		}
		if s.unlessExists {
			words = append(words, "unless")
		}
		got = append(got, strings.Join(words, " "))
	}
	want := `CREATE a concurrently|CREATE "B c" CONCURRENTLY unless|DROP a CONCURRENTLY unless|REINDEX d CONCURRENTLY|REINDEX t|CREATE e`
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	text := withoutConcurrently(file, found)
	if len(text) != len(file) || strings.Contains(strings.ToUpper(text), "CONCURRENTLY") || strings.ReplaceAll(strings.ReplaceAll(file, "CONCURRENTLY", "            "), "concurrently", "            ") != text {
		t.Errorf("in a transaction it is %q", text)
	}
}

func TestStatementsThatNeedATransaction(t *testing.T) {
	t.Parallel()
	for file, says := range map[string]string{
		"CREATE INDEX CONCURRENTLY ON t (i)":                                "line 1: the statement does not name its index",
		"CREATE INDEX CONCURRENTLY a ON t (i);\n\nINSERT INTO t VALUES (1)": "line 3: a file outside of a transaction has CREATE INDEX",
		"VACUUM":                                      "CREATE INDEX, DROP INDEX and REINDEX alone",
		"CREATE TABLE concurrently (i int)":           "alone",
		"SET lock_timeout = 0":                        "alone",
		"ALTER TYPE kind ADD VALUE 'b'":               "alone",
		"REINDEX (VERBOSE) TABLE t":                   "alone",
		"REINDEX DATABASE CONCURRENTLY d":             "alone",
		"CREATE INDEX CONCURRENTLY a ON shared.t (i)": "names a schema",
		"DROP INDEX CONCURRENTLY other.a":             "names a schema",
		"DROP INDEX a, b":                             "names several",
		"CREATE INDEX":                                "does not name",
		"CREATE INDEX a":                              "alone",
	} {
		if _, err := indexStatements(file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", file, err, says)
		}
	}
}

func TestWhatRunsOutsideOfATransaction(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY a ON t (i);\n-- +goose Down\nDROP INDEX CONCURRENTLY a;": true,
		"-- +goose Up\n-- +goose no transaction\nDROP INDEX a;":                                                                     true,
		"-- +goose Up\nCREATE INDEX CONCURRENTLY a ON t (i);":                                                                       false, // goose opens a transaction
		"CREATE INDEX CONCURRENTLY a ON t (i); -- as golang-migrate runs it":                                                        true,
		"CREATE INDEX a ON t (i);":                                      false,
		"CREATE TABLE concurrently (i int);":                            false,
		"CREATE TABLE t (i int); CREATE INDEX CONCURRENTLY a ON t (i);": false,
		"BEGIN; CREATE INDEX CONCURRENTLY a ON t (i); COMMIT;":          false,
	} {
		_, outside, err := up(file)
		if err != nil || outside != want {
			t.Errorf("%q: got %t, %v", file, outside, err)
		}
	}
}

func FuzzIndexStatements(f *testing.F) {
	for _, seed := range []string{"CREATE INDEX CONCURRENTLY a ON t (i);", `DROP INDEX "a"`, "REINDEX TABLE CONCURRENTLY t", "CREATE UNIQUE INDEX IF NOT EXISTS a ON ONLY t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		found, err := indexStatements(file)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q: %v", file, err)
			}
			return
		}
		if len(found) != len(statements(file)) {
			t.Fatalf("%q has %d statements", file, len(found))
		}
		again, err := indexStatements(withoutConcurrently(file, found))
		if err != nil || len(again) != len(found) {
			t.Fatalf("%q in a transaction: %v", file, err)
		}
		for i, s := range again {
			if s.concurrently || s.name != found[i].name || s.verb != found[i].verb {
				t.Fatalf("%q in a transaction: %+v", file, s)
			}
		}
	})
}
