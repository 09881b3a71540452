package app_test

import (
	"os"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
)

func TestTheConfigurationPageListsEachVariable(t *testing.T) {
	page, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	variables, err := app.Variables()
	if err != nil {
		t.Fatal(err)
	}
	table := "| variable | default | meaning |\n|---|---|---|\n"
	for _, v := range variables {
		value := ""
		if v.Default != "" {
			value = "`" + v.Default + "`"
		}
		table += "| `" + v.Name + "` | " + value + " | " + v.Meaning + " |\n"
	}
	if !strings.HasSuffix(string(page), "\n"+table) {
		t.Errorf("docs/configuration.md has another table than this one:\n%s", table)
	}
}

func TestREADMEIsForAPersonInAHurry(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const lines, columns = 120, 120
	if n := strings.Count(string(readme), "\n"); n > lines {
		t.Errorf("README.md has %d lines, which is more than %d: move some to docs/", n, lines)
	}
	for line := range strings.Lines(string(readme)) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > columns {
			t.Errorf("README.md has a line of %d columns, which is more than %d: %s", n, columns, line)
		}
	}
}
