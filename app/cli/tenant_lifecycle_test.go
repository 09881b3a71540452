package cli

import (
	"fmt"
	"strings"
	"testing"
)

// TestTheOperatorEndsATenant walks through the statuses of a tenant.
func TestTheOperatorEndsATenant(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error"})
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada", "--name", "Acme")
	do("tenants", "create", "bolt", "--owner", "bob")

	if got := object(t, do("tenants", "rename", "acme", "Acme Bricks", "--json")); got["name"] != "Acme Bricks" {
		t.Errorf("renamed %v", got)
	}
	if got := runCommand(t, env, "tenants", "suspend", "acme"); got.code != exitMisuse || !strings.Contains(got.err, "--reason is needed") {
		t.Errorf("%+v", got)
	}
	if out := do("tenants", "suspend", "acme", "--reason", "unpaid"); !strings.Contains(out, "acme (Acme Bricks) is suspended") || !strings.Contains(out, "suspended by the operator: unpaid") {
		t.Error(out)
	}
	for filter, want := range map[string]string{"--status=suspended": "acme", "--q=BRICKS": "acme", "--owner=bob": "bolt"} {
		if got := object(t, do("tenants", "list", filter, "--json")); got["tenantId"] != want {
			t.Errorf("%s lists %v", filter, got)
		}
	}
	oneLine(t, runCommand(t, env, "tenants", "list", "--status", "lost"), "status")
	if got := object(t, do("tenants", "resume", "acme", "--json")); got["status"] != "active" || got["suspendedReason"] != nil {
		t.Errorf("resumed %v", got)
	}

	if out := do("tenants", "limits", "bolt", "--requests", "50", "--connections", "2"); !strings.Contains(out, "limits in each process: 50 requests in flight, 2 connections") {
		t.Error(out)
	}
	if out := do("tenants", "limits", "bolt", "--connections=default"); !strings.Contains(out, "50 requests in flight, default connections") || do("tenants", "limits", "bolt") != out {
		t.Error(out)
	}
	if got := object(t, do("tenants", "show", "bolt", "--json")); fmt.Sprint(got["limits"]) != "map[maxRequests:50]" {
		t.Errorf("the limits are %v", got["limits"])
	}
	for _, wrong := range []string{"--requests=0", "--requests=-1", "--connections=many", "--connections=1000001"} {
		flag, _, _ := strings.Cut(wrong, "=")
		if got := runCommand(t, env, "tenants", "limits", "bolt", wrong); got.code != exitMisuse || !strings.HasPrefix(got.err, "partywall: "+flag+" is a number from 1 to 1000000, or default, not ") {
			t.Errorf("%s: %+v", wrong, got)
		}
	}
	if kinds := do("events", "--tenant", "bolt", "--kind", "tenant.limits_changed", "--json"); strings.Count(kinds, "\n") != 2 {
		t.Errorf("the events are\n%s", kinds)
	}
	if got := typing(t, env, "bolt\n", "tenants", "delete", "acme"); got.code != exitFailure || !strings.Contains(got.err, "Type acme to confirm") {
		t.Errorf("%+v", got)
	}
	if got := object(t, do("tenants", "show", "acme", "--json")); got["status"] != "active" {
		t.Errorf("a deletion that was not confirmed left %v", got)
	}
	if got := object(t, do("tenants", "delete", "acme", "--yes", "--json")); got["status"] != "deleted" || got["purgeAfter"] == nil {
		t.Errorf("deleted %v", got)
	}
	if out := do("tenants", "show", "acme"); !strings.Contains(out, "deleted by the operator; it can be restored until ") {
		t.Error(out)
	}
	oneLine(t, runCommand(t, env, "tenants", "create", "acme"), "this tenant ID is taken")
	if got := object(t, do("tenants", "restore", "acme", "--json")); got["status"] != "active" {
		t.Errorf("restored %v", got)
	}
	oneLine(t, runCommand(t, env, "tenants", "show", "nowhere"), "no such tenant")
	if kinds := do("events", "--tenant", "acme", "--json"); strings.Count(kinds, "\n") != 6 {
		t.Errorf("the events are\n%s", kinds)
	}
}
