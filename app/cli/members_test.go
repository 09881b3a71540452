package cli

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestTheOperatorManagesMembers walks through the life of two memberships.
func TestTheOperatorManagesMembers(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada")

	granted := object(t, do("members", "grant", "acme", "eva", "--role", "admin", "--for", "1h", "--reason", "ticket 17", "--json"))
	end, err := time.Parse(time.RFC3339, granted["expiresAt"].(string))
	if err != nil || time.Until(end) > time.Hour || time.Until(end) < 50*time.Minute || granted["role"] != "admin" || granted["reason"] != "ticket 17" || !maps.Equal(granted["grantedBy"].(map[string]any), map[string]any{"kind": "operator"}) {
		t.Errorf("granted %v", granted)
	}
	do("members", "grant", "acme", "bob", "--role", "viewer", "--reason", "asked by ada")
	if got := object(t, do("members", "role", "acme", "bob", "member", "--json")); got["role"] != "member" {
		t.Errorf("the role is now %v", got)
	}
	if out := do("members", "suspend", "acme", "eu-central-1_aBcDeFgHi/bob", "--reason", "on leave"); !strings.Contains(out, "bob is member of acme, and suspended") {
		t.Error(out)
	}
	suspended := do("members", "list", "acme", "--state", "suspended", "--json")
	if got := object(t, suspended); got["sub"] != "bob" || got["state"] != "suspended" || got["reason"] != "on leave" || got["tenantId"] != "acme" {
		t.Errorf("suspended are %s", suspended)
	}
	do("members", "resume", "acme", "bob")
	if list := do("members", "list", "acme"); strings.Count(list, "\n") != 4 || strings.Contains(list, "suspended") || !strings.Contains(list, "ticket 17") {
		t.Errorf("the list is\n%s", list)
	}

	refused := typing(t, env, "yes\n", "members", "remove", "acme", "bob")
	if refused.code != exitFailure || !strings.Contains(refused.err, "Type acme to confirm") || !strings.Contains(refused.err, "nothing was changed") {
		t.Errorf("%+v", refused)
	}
	if got := typing(t, env, "acme\n", "members", "remove", "acme", "bob", "--reason", "left"); got.code != exitOK || !strings.Contains(got.out, "bob is no member of acme any more") {
		t.Errorf("%+v", got)
	}
	if got := object(t, do("members", "remove", "acme", "eva", "--yes", "--json")); got["sub"] != "eva" {
		t.Errorf("removed %v", got)
	}
	oneLine(t, runCommand(t, env, "members", "remove", "acme", "eva", "--yes"), "no such member")
	oneLine(t, runCommand(t, env, "members", "remove", "acme", "ada", "--yes"), "at least one active owner")
	oneLine(t, runCommand(t, env, "members", "role", "acme", "ada", "king"), "a role is one of")
	oneLine(t, runCommand(t, env, "members", "list", "bolt"), "no such tenant")
	if got := runCommand(t, env, "members", "grant", "acme", "eva", "--role", "admin", "--for", "-1h", "--reason", "late"); got.code != exitFailure || !strings.Contains(got.err, "ends in the future") {
		t.Errorf("%+v", got)
	}
	for _, args := range [][]string{{"members", "grant", "acme", "eva", "--role", "admin"}, {"members", "suspend", "acme", "ada"}, {"members", "list"}} {
		if got := runCommand(t, env, args...); got.code != exitMisuse {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

// object returns the one JSON object that a command printed.
func object(t *testing.T, out string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(out), &object); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	return object
}

// typing runs a command whose standard input is typed.
func typing(t *testing.T, env map[string]string, typed string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Stdin = strings.NewReader(typed)
	return resultOf(t, cmd, env, t.TempDir())
}
