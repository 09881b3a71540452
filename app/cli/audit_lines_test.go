package cli

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

// TestTheOperatorsCommandsLeaveAuditLines creates and claims tenants on the command line.
func TestTheOperatorsCommandsLeaveAuditLines(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client"})
	if got := runCommand(t, env, "setup"); got.code != exitOK || strings.Contains(got.err, `"audit"`) {
		t.Fatalf("%+v", got)
	}
	const ada = "eu-central-1_aBcDeFgHi/ada"
	reserved := runCommand(t, env, "tenants", "create", "acme")
	mustAudit(t, reserved.err, map[string]string{"audit": "tenant_reserved", "tenant": "acme", "actor": "operator"})
	lines := strings.Split(strings.TrimSpace(reserved.out), "\n")
	token := lines[len(lines)-1]
	if strings.Contains(reserved.err, token) {
		t.Errorf("the log has the claim token: %s", reserved.err)
	}
	claimed := runCommand(t, env, "tenants", "claim", "acme", "--token", token, "--owner", "ada")
	mustAudit(t, claimed.err, map[string]string{"audit": "tenant_claimed", "tenant": "acme", "actor": "operator", "member": ada, "role": "owner"})
	created := runCommand(t, env, "tenants", "create", "bolt", "--owner", "ada")
	mustAudit(t, created.err, map[string]string{"audit": "tenant_created", "tenant": "bolt", "actor": "operator", "member": ada, "role": "owner"})

	if got := runCommand(t, env, "tenants", "list"); got.err != "" {
		t.Errorf("a command that changes nothing logs: %s", got.err)
	}
	oneLine(t, runCommand(t, env, "tenants", "create", "bolt"), "is taken")
	quiet := maps.Clone(env)
	quiet["LOG_LEVEL"] = "warn"
	if got := runCommand(t, quiet, "tenants", "create", "cord"); got.code != exitOK || got.err != "" {
		t.Errorf("with LOG_LEVEL=warn: %+v", got)
	}
}

// mustAudit wants one audit line with the fields among what a command logged.
func mustAudit(t *testing.T, logged string, want map[string]string) {
	t.Helper()
	if n := strings.Count(logged, `"audit"`); n != 1 {
		t.Fatalf("there are %d audit lines: %s", n, logged)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lineWith(logged, `"audit"`)), &line); err != nil {
		t.Fatal(err)
	}
	for field, value := range want {
		if line[field] != value {
			t.Errorf("%s is %v, not %q: %s", field, line[field], value, logged)
		}
	}
}
