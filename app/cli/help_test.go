package cli

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestEveryCommandAndFlagIsExplained(t *testing.T) {
	explained(t, stockRoot())
}

func explained(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
		t.Errorf("%s has the summary %q", cmd.CommandPath(), cmd.Short)
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Usage == "" {
			t.Errorf("%s does not explain --%s", cmd.CommandPath(), flag.Name)
		}
	})
	if cmd.HasPersistentFlags() {
		t.Errorf("flags of %s are flags of each command below it", cmd.CommandPath())
	}
	for line := range strings.Lines(cmd.Long) {
		if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") || len(line) > 120 {
			t.Errorf("the description of %s has the line %q", cmd.CommandPath(), line)
		}
	}
	for _, sub := range cmd.Commands() {
		explained(t, sub)
	}
}

// stockRoot returns the commands of the stock program.
func stockRoot() *cobra.Command {
	return console{out: io.Discard, err: io.Discard, program: Program{Name: stockName}}.root()
}

// alternatives names the commands of a group, as the message about a missing one does.
func alternatives(t *testing.T, group string) string {
	t.Helper()
	cmd, _, err := stockRoot().Find([]string{group})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	slices.Sort(names)
	last := len(names) - 1
	if last < 2 {
		t.Fatalf("%s has the commands %q", group, names)
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func TestAMisuseNamesTheRightUsage(t *testing.T) {
	ofTenants := alternatives(t, "tenants")
	cases := map[string]string{
		"tenants":                            "tenants needs " + ofTenants + "; see: partywall tenants --help",
		"tenants fly":                        "tenants needs " + ofTenants + `, not "fly"; see: partywall tenants --help`,
		"fly me":                             `there is no command "fly"; see: partywall --help`,
		"help fly":                           `there is no command "fly"; see: partywall --help`,
		"serve --bogus":                      "unknown flag: --bogus; see: partywall serve --help",
		"serve --memory=x":                   `invalid argument "x" for "--memory" flag: strconv.ParseBool: parsing "x": invalid syntax; see: partywall serve --help`,
		"smoke":                              "--url is needed; see: partywall smoke --help",
		"tenants claim acme":                 "--owner and --token are needed; see: partywall tenants claim --help",
		"members suspend acme ada --reason=": "--reason is needed; see: partywall members suspend --help",
		"migrate up --canary=":               "--canary is empty: give it a value, or leave it out; see: partywall migrate up --help",
		"tenants list --owner=":              "--owner is empty: give it a value, or leave it out; see: partywall tenants list --help",
		"tenants export acme --output=":      "--output is empty: give it a value, or leave it out; see: partywall tenants export --help",
		"smoke --url":                        "flag needs an argument: --url; see: partywall smoke --help",
		"tenants create":                     "ID is missing; see: partywall tenants create --help",
		"tenants create a b":                 `"b" isn't understood; see: partywall tenants create --help`,
		"tenants claim a --flag":             "unknown flag: --flag; see: partywall tenants claim --help",
		"tenants list --memory":              "unknown flag: --memory; see: partywall tenants list --help",
		"completion fly":                     `completion needs bash, fish, powershell or zsh, not "fly"; see: partywall completion --help`,
	}
	for line, want := range cases {
		if got := runCommand(t, nil, strings.Fields(line)...); got.code != exitMisuse || got.out != "" || got.err != "partywall: "+want+"\n" {
			t.Errorf("%s: want %q, got %+v", line, want, got)
		}
	}
}

func TestTheHelpOfTenantsIsOfItsCommandsOnly(t *testing.T) {
	got := runCommand(t, nil, "tenants", "--help")
	if !strings.Contains(got.out, "\n  create ") || strings.Contains(got.out, "--memory") {
		t.Errorf("%+v", got)
	}
	for _, args := range []string{"tenants help", "help tenants"} {
		if same := runCommand(t, nil, strings.Fields(args)...); same != got {
			t.Errorf("%s: %+v", args, same)
		}
	}
}

func TestTheUsageHasTheFlagsThatACommandNeeds(t *testing.T) {
	for line, want := range map[string]string{
		"smoke":         "smoke --url URL [flags]\n",
		"tenants claim": "tenants claim ID --owner SUB --token TOKEN [flags]\n",
		"members grant": "members grant ID SUB --reason REASON --role ROLE [flags]\n",
		"tenants list":  "tenants list [flags]\n",
	} {
		if got := runCommand(t, nil, append(strings.Fields(line), "--help")...); !strings.Contains(got.out, "  partywall "+want) {
			t.Errorf("%s: %+v", line, got)
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
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		got := runCommand(t, nil, "completion", shell)
		if got.code != exitOK || got.err != "" || !strings.Contains(got.out, stockName) {
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
		"":               "tenants\t",
		"tenants ":       "create\tcreate a tenant",
		"tenants list -": "--json\t",
	} {
		words := strings.Split(line, " ")
		got := runCommand(t, nil, append([]string{"__complete"}, words...)...)
		if got.code != exitOK || !strings.Contains(got.out, want) {
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
