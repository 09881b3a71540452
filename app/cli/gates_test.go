package cli

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
	"testing"
)

func TestGatesAreSetAndTenantsMovedBetweenThem(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	do := succeeding(t, env)
	do("setup")
	for _, id := range []string{"acme", "bolt", "calm", "dull"} {
		do("tenants", "create", id, "--owner", "ada")
	}
	mustMatch(t, do("gates", "status"), `^GATE +LOGIN +TENANTS +CONNECTIONS +ENTER
0 +pw_\w+_gate_0 +4 +0 +\S+s
1 gate is enough for 4 tenants
$`)
	mustMatch(t, do("gates", "set", "2"), `the number of gates is 2 now; it was 1\n$`)
	mustMatch(t, do("gates", "set", "2"), `^the number of gates is 2\n$`)
	mustMatch(t, do("gates", "move", "--even", "--dry-run"), `^ID +FROM +TO\ncalm +0 +1\ndull +0 +1\n$`)
	mustMatch(t, do("gates", "move", "--even"), `moved 2 of 2 tenants\n$`)
	mustMatch(t, do("gates", "move", "--even", "--dry-run"), `^nothing to move\n$`)
	mustMatch(t, do("gates", "move", "--to", "1", "--tenant", "acme", "--json"), `\{"planned":1,"moved":1,"failures":\[\]\}\n$`)

	few := maps.Clone(env)
	few["DB_MAX_CONNS"] = "5"
	mustMatch(t, succeeding(t, few)("gates", "status"), `\nDB_MAX_CONNS leaves 3 connections to 2 gates, which need 2 each: set DB_MAX_CONNS to 6 or more\n$`)

	var tenants []int
	for line := range strings.Lines(do("gates", "status", "--json")) {
		var gate gateObject
		if err := json.Unmarshal([]byte(line), &gate); err != nil || gate.Gate != len(tenants) || gate.EnterMillis <= 0 {
			t.Errorf("%s: %+v, %v", line, gate, err)
		}
		tenants = append(tenants, gate.Tenants)
	}
	if len(tenants) != 2 || tenants[0] != 1 || tenants[1] != 3 {
		t.Errorf("the gates have %v tenants, want 1 and 3", tenants)
	}

	if got := runCommand(t, env, "gates", "set", "1"); got.code != exitFailure || !strings.Contains(got.err, "run `partywall gates move --even --gates 1` first") {
		t.Errorf("gates that have tenants: %+v", got)
	}
	do("gates", "move", "--even", "--gates", "1")
	mustMatch(t, do("gates", "set", "1"), `(?s)dropped the login pw_\w+_gate_1\n.*the number of gates is 1 now\n$`)
	if got := runCommand(t, env, "gates", "move", "--to", "1", "--all"); got.code != exitFailure || !strings.Contains(got.err, "from 0 to 0") {
		t.Errorf("a gate that does not exist: %+v", got)
	}
}

func TestTheFlagsOfGatesAreChecked(t *testing.T) {
	for line, says := range map[string]string{
		"set 0": "N is", "set many": "N is", "move": "--even, or --to", "move --even --to 1": "--even chooses", "move --even --all": "--even chooses",
		"move --to 1": "--tenant or --all", "move --to 1 --all --tenant acme": "--tenant or --all", "move --to x --all": "number of a gate", "move --to=-1 --all": "number of a gate",
		"move --to 1 --tenant Acme!": "--tenant", "move --to 1 --all --gates 2": "--gates", "move --even --gates=-1": "--gates", "move --even --gates 0": "--gates",
	} {
		if got := runCommand(t, nil, append([]string{"gates"}, strings.Fields(line)...)...); got.code != exitMisuse || !strings.Contains(got.err, says) {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

func mustMatch(t *testing.T, out, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(out) {
		t.Errorf("%q does not match %q", out, pattern)
	}
}
