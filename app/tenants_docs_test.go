package app_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// TestTheDocsListTheStatusesOfTenants compares the table of docs/tenants.md, and the
// statuses in the picture above it, with those of the domain.
func TestTheDocsListTheStatusesOfTenants(t *testing.T) {
	page, err := os.ReadFile("../docs/tenants.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []domain.TenantStatus
	for _, match := range regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllSubmatch(page, -1) {
		rows = append(rows, domain.TenantStatus(match[1]))
	}
	want := domain.TenantStatuses()
	if len(rows) < len(want) || fmt.Sprint(rows[:len(want)]) != fmt.Sprint(want) {
		t.Errorf("the table of docs/tenants.md has %q, the domain %q", rows, want)
	}
	for _, status := range want {
		if !regexp.MustCompile(`--> ` + string(status) + `\b`).Match(page) {
			t.Errorf("the picture of docs/tenants.md lacks %q", status)
		}
	}
}
