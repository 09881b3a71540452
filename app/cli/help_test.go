package cli

import (
	"strings"
	"testing"
)

func TestTheHelpOfACommandExplainsEveryFlagOfItsUsage(t *testing.T) {
	c := console{program: Program{Name: stockName}}
	for _, cmd := range c.commands() {
		text := c.usage(cmd)
		_, explained, _ := strings.Cut(text, "\n")
		for word := range strings.FieldsSeq(strings.NewReplacer("[", "", "]", "").Replace(cmd.args)) {
			if strings.HasPrefix(word, "--") && !strings.Contains(explained, "\n  "+word+" ") {
				t.Errorf("%s --help does not explain %s:\n%s", cmd.name, word, text)
			}
		}
		for line := range strings.Lines(text) {
			if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") {
				t.Errorf("%s --help has a line that ends in a blank: %q", cmd.name, line)
			}
		}
	}
}

func TestAMisuseNamesTheRightUsage(t *testing.T) {
	cases := map[string]string{
		"tenants":                "tenants needs create, list or claim\n",
		"tenants fly":            `tenants needs create, list or claim, not "fly"` + "\n",
		"fly me":                 `there is no command "fly"` + "\n",
		"serve --bogus":          "not defined: --bogus\n",
		"serve --memory=x":       `"x" for --memory: `,
		"smoke --url":            "needs an argument: --url\n",
		"tenants claim a --flag": "not defined: --flag\n",
	}
	for line, want := range cases {
		if got := runCommand(t, nil, strings.Fields(line)...); got.code != 2 || !strings.Contains(got.err, want) {
			t.Errorf("%s: want %q, got %+v", line, want, got)
		}
	}
}

func TestTheHelpOfTenantsIsOfItsCommandsOnly(t *testing.T) {
	got := runCommand(t, nil, "tenants", "--help")
	if !strings.Contains(got.out, "tenants create ID") || strings.Contains(got.out, "--memory") {
		t.Errorf("%+v", got)
	}
}

func TestVersionIsAFlagToo(t *testing.T) {
	if got := runCommand(t, nil, "--version"); got != runCommand(t, nil, "version") || got.code != 0 {
		t.Errorf("%+v", got)
	}
}
