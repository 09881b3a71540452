package app_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

func TestTheJSONOfTheDocsIsJSON(t *testing.T) {
	page, err := os.ReadFile("../docs/production.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) < 3 {
		t.Errorf("there are only %d", len(blocks))
	}
	for _, block := range blocks {
		if !json.Valid(block[1]) {
			t.Errorf("this isn't JSON: %s", block[1])
		}
	}
}

// TestTheDatabaseOfTheDocsIsEnough runs the statements of the chapter about the database
// as a master user on an empty server, and then sets it up.
func TestTheDatabaseOfTheDocsIsEnough(t *testing.T) {
	t.Parallel()
	o, server := newOperator(t), newServer(t)
	_, chapter, _ := strings.Cut(string(domain.Must(os.ReadFile("../docs/production.md"))), "\n## 5. The database\n")
	_, chapter, _ = strings.Cut(chapter, "```sql\n")
	statements, _, found := strings.Cut(chapter, "```")
	if !found {
		t.Fatal("the chapter has no SQL")
	}
	statements = strings.ReplaceAll(statements, "partywall", "walked") // the test's server already has the former
	o.shell(t, server, "psql --quiet --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'\n"+statements+"SQL\n")
	cfg := o.config(server, "walked")
	cfg.Database.User, cfg.Database.Password = "walked", domain.NewSecret("...")
	if err := app.Setup(t.Context(), cfg, func(string) {}); err != nil {
		t.Fatal(err)
	}
	for _, f := range app.RunChecks(t.Context(), cfg) {
		if f.Severity != doctor.OK && f.Check != "database-durability" && (strings.HasPrefix(f.Check, "database") || strings.HasPrefix(f.Check, "tenant-r") || strings.HasPrefix(f.Check, "gate")) {
			t.Errorf("the doctor finds %+v", f)
		}
	}
}
