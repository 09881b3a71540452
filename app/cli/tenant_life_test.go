package cli

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestTheLifeOfATenant walks through the life of a tenant, over HTTP and on real servers, as
// an owner who builds a team and as an operator who ends the tenant do. With -v it prints
// each request with the status of its answer.
func TestTheLifeOfATenant(t *testing.T) {
	l := startLife(t)
	l.create()
	l.invite()
	l.manageMembers()
	l.letSupportIn()
	l.handOver()
	l.suspend()
	l.deleteAndRestore()
	l.mustListEvents()
	l.purge()
	l.freeTheID()
	l.mustHaveTheStory()
	l.mustKeepSecrets()
}

func (l *life) create() {
	l.chapter("a caller without an account reserves an ID, and becomes the owner by signing up")
	claim := text(l.t, l.call(l.anyone, "POST", "/auth/tenants", map[string]any{"tenantId": "acme", "name": "Acme"}, http.StatusCreated), "claimToken")
	l.secrets = append(l.secrets, claim)
	l.signUp(l.ada, "claimToken", claim)
	l.mustHaveRole(l.ada, "owner")
	l.upload(l.ada, "plan.txt", "the first plan")
	l.upload(l.ada, "plan.txt", "the second plan")
	l.upload(l.ada, "draft.txt", "a draft")
	l.mustDownload(l.ada, "plan.txt", "the second plan")
	l.call(l.ada, "DELETE", "/files?filename=draft.txt", nil, http.StatusNoContent)
}

func (l *life) invite() {
	l.chapter("the owner invites by mail; the invited person signs up with the token")
	bobs := l.inviteByMail(l.bob, "member")
	preview := l.call(l.anyone, "POST", "/invitations/preview", map[string]any{"invitationToken": bobs}, http.StatusOK)
	if preview["name"] != "Acme" || preview["role"] != "member" || preview["invitedBy"] != l.ada.email() || preview["email"] == l.bob.email() {
		l.t.Errorf("the preview is %v", preview)
	}
	l.signUp(l.bob, "invitationToken", bobs)
	l.mustHaveRole(l.bob, "member")

	l.chapter("the owner invites by link; the invited person is signed in, and accepts")
	l.signUp(l.eve, "", "")
	invitation := l.call(l.ada, "POST", "/tenants/acme/invitations", map[string]any{"role": "viewer"}, http.StatusCreated)
	link := map[string]any{"invitationToken": text(l.t, invitation, "invitationToken")}
	l.secrets = append(l.secrets, text(l.t, invitation, "invitationToken"))
	l.call(l.eve, "POST", "/invitations/accept", link, http.StatusOK)
	l.call(l.eve, "POST", "/invitations/accept", link, http.StatusOK) // again: the same answer
	l.refused(l.bob, "POST", "/invitations/accept", link, http.StatusNotFound, "invitation_invalid")
	l.mustHaveRole(l.eve, "viewer")

	l.chapter("the owner invites by mail; only the invited address accepts")
	l.signUp(l.dan, "", "")
	dans := map[string]any{"invitationToken": l.inviteByMail(l.dan, "member")}
	l.refused(l.eve, "POST", "/invitations/accept", dans, http.StatusForbidden, "email_mismatch")
	l.call(l.dan, "POST", "/invitations/accept", dans, http.StatusOK)
	l.mustHaveRole(l.dan, "member")
}

// inviteByMail invites p, and returns the token that was mailed.
func (l *life) inviteByMail(p *person, role string) (token string) {
	l.t.Helper()
	invitation := l.call(l.ada, "POST", "/tenants/acme/invitations", map[string]any{"email": p.email(), "role": role}, http.StatusCreated)
	if invitation["invitationToken"] != nil || invitation["link"] != nil {
		l.t.Errorf("the answer has the token of an invitation by mail: %v", invitation)
	}
	token = l.mails.awaitToken(l.t, p.email())
	l.secrets = append(l.secrets, token)
	return token
}

func (l *life) manageMembers() {
	l.chapter("the owner makes an admin, who suspends a member and lets the member in again")
	l.refused(l.bob, "GET", "/tenants/acme/members", nil, http.StatusForbidden, "forbidden")
	l.call(l.ada, "PATCH", l.bob.path(), map[string]any{"role": "admin"}, http.StatusOK)
	l.refused(l.bob, "PATCH", l.eve.path(), map[string]any{"role": "owner"}, http.StatusForbidden, "role_too_low")
	if all := items(l.t, l.call(l.bob, "GET", "/tenants/acme/members", nil, http.StatusOK)); len(all) != 4 {
		l.t.Errorf("the members are %v", all)
	}
	l.call(l.eve, "GET", "/files", nil, http.StatusOK)
	l.call(l.bob, "PATCH", l.eve.path(), map[string]any{"state": "suspended", "reason": "on leave"}, http.StatusOK)
	l.refused(l.eve, "GET", "/files", nil, http.StatusNotFound, "tenant_not_found")
	l.call(l.bob, "PATCH", l.eve.path(), map[string]any{"state": "active"}, http.StatusOK)
	l.call(l.eve, "GET", "/files", nil, http.StatusOK)
}

func (p *person) path() string { return "/tenants/acme/members/" + p.sub }

func (l *life) letSupportIn() {
	l.chapter("the operator lets support in for an hour; the owner sees why, and support leaves")
	l.signUp(l.sam, "", "")
	l.refused(l.sam, "GET", "/files", nil, http.StatusNotFound, "tenant_not_found")
	end := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	l.call(l.operator, "POST", "/admin/tenants/acme/members", map[string]any{"sub": l.sam.sub, "role": "admin", "expiresAt": end, "reason": "ticket 17"}, http.StatusCreated)
	l.call(l.sam, "GET", "/files", nil, http.StatusOK)
	l.refused(l.sam, "PATCH", l.sam.path(), map[string]any{"expiresAt": nil}, http.StatusForbidden, "expiry_too_late")
	l.refused(l.sam, "POST", "/tenants/acme/invitations", map[string]any{"role": "viewer"}, http.StatusForbidden, "expiry_too_late")
	seen := false
	for _, member := range items(l.t, l.call(l.ada, "GET", "/tenants/acme/members", nil, http.StatusOK)) {
		seen = seen || member["sub"] == l.sam.sub && member["reason"] == "ticket 17" && member["expiresAt"] == end
	}
	if !seen {
		l.t.Error("the owner does not see support with its reason and its end")
	}
	l.call(l.sam, "POST", "/tenants/acme/leave", map[string]any{}, http.StatusNoContent)
	l.refused(l.sam, "GET", "/files", nil, http.StatusNotFound, "tenant_not_found")
}

func (l *life) handOver() {
	l.chapter("the owner hands the tenant over, and leaves")
	l.refused(l.ada, "POST", "/tenants/acme/leave", map[string]any{}, http.StatusConflict, "last_owner")
	l.call(l.ada, "POST", "/tenants/acme/owner", map[string]any{"sub": l.bob.sub, "myRole": "admin"}, http.StatusOK)
	l.mustHaveRole(l.bob, "owner")
	l.mustHaveRole(l.ada, "admin")
	l.call(l.ada, "POST", "/tenants/acme/leave", map[string]any{}, http.StatusNoContent)
	l.refused(l.ada, "GET", "/tenants/acme", nil, http.StatusNotFound, "tenant_not_found")
}

func (l *life) suspend() {
	l.chapter("the operator suspends the tenant, and resumes it")
	l.refused(l.operator, "POST", "/admin/tenants/acme/suspend", map[string]any{}, http.StatusBadRequest, "invalid")
	l.call(l.operator, "POST", "/admin/tenants/acme/suspend", map[string]any{"reason": "unpaid"}, http.StatusOK)
	l.refused(l.bob, "GET", "/files", nil, http.StatusNotFound, "tenant_not_found")
	if got := l.mustBe(l.bob, "/tenants/acme", "suspended"); got["suspendedReason"] != "unpaid" || got["suspendedBy"] != "operator" {
		l.t.Errorf("the owner sees %v", got)
	}
	l.refused(l.dan, "GET", "/tenants/acme", nil, http.StatusNotFound, "tenant_not_found")
	l.refused(l.bob, "POST", "/tenants/acme/resume", nil, http.StatusForbidden, "held_by_operator")
	l.call(l.operator, "POST", "/admin/tenants/acme/resume", nil, http.StatusOK)
	l.mustDownload(l.bob, "plan.txt", "the second plan")
}

func (l *life) deleteAndRestore() {
	l.chapter("the operator deletes the tenant, restores it, and deletes it for good")
	deleted := l.call(l.operator, "DELETE", "/admin/tenants/acme", map[string]any{"reason": "contract ended"}, http.StatusAccepted)
	end, err := time.Parse(time.RFC3339, text(l.t, deleted, "purgeAfter"))
	if err != nil || time.Until(end) < 29*24*time.Hour {
		l.t.Errorf("the tenant can be restored until %v, %v", deleted["purgeAfter"], err)
	}
	l.refused(l.bob, "GET", "/files", nil, http.StatusNotFound, "tenant_not_found")
	l.refused(l.anyone, "POST", "/auth/tenants", map[string]any{"tenantId": "acme"}, http.StatusConflict, "tenant_exists")
	l.mustBe(l.bob, "/tenants/acme", "deleted")
	l.refused(l.bob, "POST", "/tenants/acme/restore", nil, http.StatusForbidden, "held_by_operator")
	l.call(l.operator, "POST", "/admin/tenants/acme/restore", nil, http.StatusOK)
	l.mustDownload(l.bob, "plan.txt", "the second plan")
	l.refused(l.operator, "POST", "/admin/tenants/acme/purge", nil, http.StatusConflict, "tenant_state")
	l.call(l.operator, "DELETE", "/admin/tenants/acme", map[string]any{"reason": "contract ended"}, http.StatusAccepted)
}

// purge waits for no signed URL: the deletion is moved to the past.
func (l *life) purge() {
	l.chapter("the operator purges the tenant")
	if versions := l.versions(); len(versions) < 2 {
		l.t.Errorf("before the purge the bucket has only %q", versions)
	}
	l.call(l.operator, "POST", "/admin/tenants/acme/purge", map[string]any{"reason": "asked to be forgotten"}, http.StatusAccepted)
	l.mustBe(l.operator, "/admin/tenants/acme", "purging")
	l.refused(l.operator, "POST", "/admin/tenants/acme/restore", nil, http.StatusConflict, "tenant_state")
	l.refused(l.bob, "GET", "/tenants/acme", nil, http.StatusNotFound, "tenant_not_found")
	execute(l.t, l.env, `UPDATE partywall.tenants SET deleted_at = deleted_at - interval '1 hour'`)
	l.command("tenants", "purge", "acme", "--yes") // returns at the end of the purge
	l.mustBe(l.operator, "/admin/tenants/acme", "gone")
	if versions := l.versions(); len(versions) > 0 {
		l.t.Errorf("after the purge the bucket has %q", versions)
	}
	if out := l.command("tenants", "check"); out != "nothing is left of tenants that do not exist\n" {
		l.t.Error(out)
	}
}

func (l *life) freeTheID() {
	l.chapter("a day later the operator frees the ID, and another owner gets it")
	l.refused(l.anyone, "POST", "/auth/tenants", map[string]any{"tenantId": "acme"}, http.StatusConflict, "tenant_exists")
	l.refused(l.operator, "POST", "/admin/tenants/acme/free", nil, http.StatusConflict, "tenant_state")
	execute(l.t, l.env, `DELETE FROM partywall.purges`) // as a server does, a day later
	l.call(l.operator, "POST", "/admin/tenants/acme/free", nil, http.StatusNoContent)
	l.refused(l.operator, "GET", "/admin/tenants/acme", nil, http.StatusNotFound, "tenant_not_found")
	l.signUp(l.zoe, "", "")
	l.call(l.zoe, "POST", "/auth/tenants", map[string]any{"tenantId": "acme", "name": "Acme Again"}, http.StatusCreated)
	l.mustHaveRole(l.zoe, "owner")
	l.refused(l.bob, "GET", "/files", nil, http.StatusNotFound, "tenant_not_found")
	if files := items(l.t, l.call(l.zoe, "GET", "/files", nil, http.StatusOK)); len(files) > 0 {
		l.t.Errorf("the new tenant has the files %v", files)
	}
	if members := items(l.t, l.call(l.zoe, "GET", "/tenants/acme/members", nil, http.StatusOK)); len(members) != 1 {
		l.t.Errorf("the new tenant has the members %v", members)
	}
}

// command runs a command of the operator, which must succeed, and writes it to the transcript.
func (l *life) command(args ...string) string {
	l.t.Helper()
	l.t.Logf("%-8s  partywall %s", l.operator.name, strings.Join(args, " "))
	return succeeding(l.t, l.env)(args...)
}

// mustHaveRole requires that the tenant is the only one of p, who has the role there.
func (l *life) mustHaveRole(p *person, role string) {
	l.t.Helper()
	answer := l.call(p, "GET", "/auth/me", nil, http.StatusOK)
	tenants, _ := answer["tenants"].([]any)
	if len(tenants) != 1 || tenants[0].(map[string]any)["tenantId"] != "acme" || tenants[0].(map[string]any)["role"] != role {
		l.t.Errorf("%s has the tenants %v, not acme as %s", p.name, tenants, role)
	}
}

// mustBe requires that by sees the tenant in the status, and returns it.
func (l *life) mustBe(by *person, path, status string) map[string]any {
	l.t.Helper()
	tenant := l.call(by, "GET", path, nil, http.StatusOK)
	if tenant["status"] != status {
		l.t.Errorf("%s sees the tenant as %v, not %s", by.name, tenant["status"], status)
	}
	return tenant
}

func (l *life) versions() []string {
	l.t.Helper()
	versions, err := l.bucket.Versions(l.t.Context(), "acme/")
	if err != nil {
		l.t.Fatal(err)
	}
	return versions
}
