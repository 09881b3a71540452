package walls_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var writeTables = flag.Bool("wall.write", false, "have TestWallTables write the tables of docs/isolation.md")

// tables are those of docs/isolation.md, by the heading above each.
var tables = map[string]func() []escape{
	"Reading and writing the data of others":       reaches,
	"A job queue in `shared`, behind row policies": queues,
	"Planting objects, and giving rights away":     plants,
	"Catalogue and statistics":                     looks,
	"Disturbing other tenants":                     disturbs,
	"State that outlives the scope":                outlives,
	"The end of the transaction":                   ends,
}

// TestWallTables holds docs/isolation.md and the escapes that are tried equal.
func TestWallTables(t *testing.T) {
	const file = "../../../docs/isolation.md"
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	page, shown := string(raw), 0
	for heading, some := range tables {
		found := regexp.MustCompile(`(?s)\n### ` + regexp.QuoteMeta(heading) + "\n.*?\n((?:\\|[^\n]*\n)+)").FindStringSubmatchIndex(page)
		if found == nil {
			t.Errorf("%s has no table below %q", file, heading)
			continue
		}
		from, to, want := found[2], found[3], tableOf(some())
		shown += len(some())
		if page[from:to] != want && !*writeTables {
			t.Errorf("the table below %q differs from what the test tries; run: go test ./adapters/postgres/walls -run TestWallTables -wall.write", heading)
		}
		page = page[:from] + want + page[to:]
	}
	if shown != len(escapes()) {
		t.Errorf("of %d escapes, %d are shown", len(escapes()), shown)
	}
	if *writeTables {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func tableOf(some []escape) string {
	var b strings.Builder
	b.WriteString("| attempt | with roles | without | kept out by |\n|---|---|---|---|\n")
	for _, e := range some {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", e.name, inWords(e.roles), inWords(e.off), e.kept)
	}
	return b.String()
}

var sqlState = regexp.MustCompile(`\b[0-9A-Z]{5}\b`)

// inWords returns a verdict as the tables show it.
func inWords(verdict string) string {
	verdict = strings.NewReplacer("before 16 ", "before PostgreSQL 16 ", "through PgBouncer ", "through PgBouncer it ", getsThrough, "**"+getsThrough+"**",
		scopeEnded, "`"+scopeEnded+"`").Replace(verdict)
	return sqlState.ReplaceAllString(verdict, "`$0`")
}
