package cli

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"

	urfave "github.com/urfave/cli/v3"
)

func TestEveryCommandAndFlagIsExplained(t *testing.T) {
	c := console{out: io.Discard, err: io.Discard, program: Program{Name: stockName}}
	root := c.root()
	if err := root.Walk(func(cmd *urfave.Command) error {
		if cmd.Usage == "" || strings.HasSuffix(cmd.Usage, ".") {
			t.Errorf("%s has the summary %q", cmd.FullName(), cmd.Usage)
		}
		for _, flag := range cmd.Flags {
			if documented, ok := flag.(urfave.DocGenerationFlag); !ok || documented.GetUsage() == "" {
				t.Errorf("%s does not explain --%s", cmd.FullName(), flag.Names()[0])
			}
			if local, ok := flag.(urfave.LocalFlag); len(cmd.Commands) > 0 && (!ok || !local.IsLocal()) {
				t.Errorf("--%s of %s is a flag of each command below it", flag.Names()[0], cmd.FullName())
			}
		}
		for line := range strings.Lines(cmd.Description) {
			if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") || len(line) > 120 {
				t.Errorf("the description of %s has the line %q", cmd.FullName(), line)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestAMisuseNamesTheRightUsage(t *testing.T) {
	cases := map[string]string{
		"tenants":                "tenants needs create, list, claim, show, rename, suspend, resume, delete or restore; see: partywall tenants --help",
		"tenants fly":            `tenants needs create, list, claim, show, rename, suspend, resume, delete or restore, not "fly"; see: partywall tenants --help`,
		"fly me":                 `there is no command "fly"; see: partywall --help`,
		"help fly":               `there is no command "fly"; see: partywall --help`,
		"serve --bogus":          "flag provided but not defined: --bogus; see: partywall serve --help",
		"serve --memory=x":       `invalid value "x" for --memory: parse error; see: partywall serve --help`,
		"smoke --url":            "flag needs an argument: --url; see: partywall smoke --help",
		"tenants create":         "ID is missing; see: partywall tenants create --help",
		"tenants create a b":     `"b" isn't understood; see: partywall tenants create --help`,
		"tenants claim a --flag": "flag provided but not defined: --flag; see: partywall tenants claim --help",
		"tenants list --memory":  "flag provided but not defined: --memory; see: partywall tenants list --help",
		"completion fly":         `completion needs bash, zsh, fish or pwsh, not "fly"; see: partywall completion --help`,
	}
	for line, want := range cases {
		if got := runCommand(t, nil, strings.Fields(line)...); got.code != exitMisuse || got.out != "" || got.err != "partywall: "+want+"\n" {
			t.Errorf("%s: want %q, got %+v", line, want, got)
		}
	}
}

func TestTheHelpOfTenantsIsOfItsCommandsOnly(t *testing.T) {
	got := runCommand(t, nil, "tenants", "--help")
	if !strings.Contains(got.out, "\n   create ") || strings.Contains(got.out, "--memory") {
		t.Errorf("%+v", got)
	}
	for _, args := range []string{"tenants help", "help tenants"} {
		if same := runCommand(t, nil, strings.Fields(args)...); same != got {
			t.Errorf("%s: %+v", args, same)
		}
	}
}

func TestHelpMayBeTheIDOfATenant(t *testing.T) {
	if got := runCommand(t, nil, "tenants", "create", "help", "help"); got.code != exitMisuse || !strings.Contains(got.err, `"help" isn't understood`) {
		t.Errorf("%+v", got)
	}
}

func TestVersionIsAFlagToo(t *testing.T) {
	if got := runCommand(t, nil, "--version"); got != runCommand(t, nil, "version") || got.code != 0 {
		t.Errorf("%+v", got)
	}
}

func TestShellsCompleteCommandsAndFlags(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "pwsh"} {
		got := runCommand(t, nil, "completion", shell)
		if got.code != exitOK || got.err != "" || shell != "pwsh" && !strings.Contains(got.out, stockName) {
			t.Errorf("%s: %+v", shell, got)
		}
		if _, err := exec.LookPath(shell); err != nil {
			continue
		}
		check := exec.CommandContext(t.Context(), shell, "-n")
		check.Stdin = strings.NewReader(got.out)
		if complaint, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s cannot read its script: %v\n%s", shell, err, complaint)
		}
	}
	for line, want := range map[string]string{
		"":               "tenants:",
		"tenants":        "create:create a tenant",
		"tenants list -": "--json:",
	} {
		got := runCommand(t, nil, append(strings.Fields(line), "--generate-shell-completion")...)
		if got.code != exitOK || got.err != "" || !strings.Contains(got.out, want) {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestResultsAsJSONAreAnObjectOnEachLine(t *testing.T) {
	for line, want := range map[string]string{"version": "go", "config": "name", "doctor": "severity"} {
		got := runCommand(t, nil, line, "--json")
		if got.code != exitOK || got.err != "" || got.out == "" {
			t.Errorf("%s: %+v", line, got)
		}
		for text := range strings.Lines(got.out) {
			var object map[string]any
			if err := json.Unmarshal([]byte(text), &object); err != nil || object[want] == nil {
				t.Errorf("%s --json printed %q: %v", line, text, err)
			}
		}
	}
}
