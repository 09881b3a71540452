package app_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// TestTheDocsListTheKindsOfEvents reads the kinds from their file, because no list in
// the code has all.
func TestTheDocsListTheKindsOfEvents(t *testing.T) {
	kinds := regexp.MustCompile(`EventKind = "([^"]+)"`).FindAllStringSubmatch(string(domain.Must(os.ReadFile("../domain/event.go"))), -1)
	if len(kinds) < 16 {
		t.Errorf("only %d kinds were found", len(kinds))
	}
	page := string(domain.Must(os.ReadFile("../docs/events.md")))
	_, table, _ := strings.Cut(page, "| kind |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, kind := range kinds {
		if !strings.Contains(table, "`"+kind[1]+"`") {
			t.Errorf("the table of docs/events.md lacks %s", kind[1])
		}
	}
}
