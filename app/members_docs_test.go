package app_test

import (
	"os"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestTheTableOfRolesIsTheCodes(t *testing.T) {
	var table strings.Builder
	row := func(first string, cell func(domain.Role) string) {
		table.WriteString("| " + first + " |")
		for _, role := range domain.Roles() {
			table.WriteString(strings.TrimRight(" "+cell(role), " ") + " |")
		}
		table.WriteString("\n")
	}
	row("may", func(role domain.Role) string { return string(role) })
	table.WriteString("|---|" + strings.Repeat("---|", len(domain.Roles())) + "\n")
	for _, permission := range domain.OwnPermissions() {
		row(string(permission), func(role domain.Role) string {
			if role.May(permission) {
				return "yes"
			}
			return ""
		})
	}
	page := domain.Must(os.ReadFile("../docs/members.md"))
	if !strings.Contains(string(page), "\n\n"+table.String()+"\n") {
		t.Errorf("docs/members.md lacks this table:\n%s", table.String())
	}
}
