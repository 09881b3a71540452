package cli

import (
	"strings"
	"testing"
)

// TestTheOperatorInvites walks through the life of three invitations.
func TestTheOperatorInvites(t *testing.T) {
	env := onServer(t, map[string]string{"COGNITO_USER_POOL_ID": "eu-central-1_aBcDeFgHi", "COGNITO_CLIENT_ID": "client", "LOG_LEVEL": "error", "INVITATION_URL": "https://app.example.com/join"})
	do := succeeding(t, env)
	do("setup")
	do("tenants", "create", "acme", "--owner", "ada")

	byMail := object(t, do("invitations", "create", "acme", "--role", "admin", "--email", "Bob@example.com", "--json"))
	if byMail["email"] != "Bob@example.com" || byMail["state"] != "open" || byMail["invitationToken"] != nil || byMail["link"] != nil {
		t.Errorf("invited by mail: %v", byMail)
	}
	byLink := object(t, do("invitations", "create", "acme", "--role", "viewer", "--for", "1h", "--json"))
	if byLink["link"] != "https://app.example.com/join?token="+byLink["invitationToken"].(string) {
		t.Errorf("invited by link: %v", byLink)
	}
	if out := do("invitations", "create", "acme", "--role", "member"); !strings.Contains(out, "invited to be member of acme until ") || !strings.Contains(out, "https://app.example.com/join?token=") {
		t.Error(out)
	}
	if list := do("invitations", "list", "acme"); strings.Count(list, "\n") != 4 || strings.Contains(list, byLink["invitationToken"].(string)) || !strings.Contains(list, "by link") {
		t.Errorf("the list is\n%s", list)
	}
	again := object(t, do("invitations", "resend", "acme", byLink["invitationId"].(string), "--json"))
	if again["invitationId"] != byLink["invitationId"] || again["invitationToken"] == byLink["invitationToken"] || again["link"] != "https://app.example.com/join?token="+again["invitationToken"].(string) {
		t.Errorf("resent: %v", again)
	}
	id := byMail["invitationId"].(string)
	if out := do("invitations", "resend", "acme", id); !strings.Contains(out, "a server mails it to Bob@example.com") {
		t.Error(out)
	}
	if refused := typing(t, env, "yes\n", "invitations", "revoke", "acme", id); refused.code != exitFailure || !strings.Contains(refused.err, "Type acme to confirm") {
		t.Errorf("%+v", refused)
	}
	if got := object(t, do("invitations", "revoke", "acme", id, "--yes", "--json")); got["invitationId"] != id || got["tenantId"] != "acme" {
		t.Errorf("revoked %v", got)
	}
	if got := object(t, do("invitations", "list", "acme", "--state", "revoked", "--json")); got["invitationId"] != id || got["state"] != "revoked" {
		t.Errorf("revoked are %v", got)
	}
	oneLine(t, runCommand(t, env, "invitations", "revoke", "acme", id, "--yes"), "no such invitation")
	oneLine(t, runCommand(t, env, "invitations", "resend", "acme", id), "no such invitation")
	oneLine(t, runCommand(t, env, "invitations", "list", "acme", "--state", "lost"), "state is one of")
	oneLine(t, runCommand(t, env, "invitations", "create", "acme", "--role", "king"), "a role is one of")
	oneLine(t, runCommand(t, env, "invitations", "create", "acme", "--role", "viewer", "--for", "1m"), "expires in 3600 to 2592000 seconds")
	oneLine(t, runCommand(t, env, "invitations", "create", "bolt", "--role", "viewer"), "no such tenant")
	for _, args := range [][]string{{"invitations", "create", "acme"}, {"invitations", "resend", "acme"}, {"invitations", "revoke", "acme"}, {"invitations", "list"}} {
		if got := runCommand(t, env, args...); got.code != exitMisuse {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
