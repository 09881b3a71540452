package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/invitations"
	"github.com/partywall-go/partywall/ports"
)

const invitationsOfAcme = "/tenants/acme/invitations"

// invitationList is the answer of GET /tenants/{id}/invitations.
type invitationList struct {
	Items      []struct{ InvitationID, Email, Role, State, InvitationToken string }
	NextCursor string
}

func invitationsIn(t *testing.T, a answer) invitationList {
	t.Helper()
	var list invitationList
	if err := json.Unmarshal([]byte(a.is(t, 200).body), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// mailed returns the token of the mail that the last event in acme asks for.
func (h team) mailed(t *testing.T) string {
	t.Helper()
	domain.Must(h.db.Events().Sequence(t.Context()))
	all := domain.Must(h.db.Events().Events(t.Context(), ports.EventQuery{Tenant: parse(t, domain.ParseTenantID, "acme"), Limit: 1000}))
	return domain.Must(h.config.Invitations.IssueToken(t.Context(), all[len(all)-1])).Token.Reveal()
}

// linked creates an invitation by link, and returns its token.
func (h team) linked(t *testing.T, role domain.Role) string {
	t.Helper()
	return h.post(t, invitationsOfAcme, fmt.Sprintf(`{"role": %q}`, role), h.owner).is(t, 201).field(t, "invitationToken")
}

func tokenBody(token string) string { return fmt.Sprintf(`{"invitationToken": %q}`, token) }

func (h team) preview(t *testing.T, token string) answer {
	t.Helper()
	return h.post(t, "/invitations/preview", tokenBody(token))
}

func (h team) accept(t *testing.T, token string, headers ...string) answer {
	t.Helper()
	return h.post(t, "/invitations/accept", tokenBody(token), headers...)
}

func TestAnInvitationByLinkIsGoodOnce(t *testing.T) {
	h := openTeam(t)
	created := h.post(t, invitationsOfAcme, `{"role": "member", "expiresIn": 3600}`, h.admin).is(t, 201)
	token := created.field(t, "invitationToken")
	if created.field(t, "link") != "https://app.example.com/join?token="+token || created.field(t, "state") != "open" || created.field(t, "email") != "" ||
		created.field(t, "createdBy") != fmt.Sprintf(`{"kind":"user","sub":%q}`, h.sub(t, "bob@acme.example")) {
		t.Errorf("created %s", created.body)
	}
	if seen := h.preview(t, token).is(t, 200); seen.field(t, "tenantId") != "acme" || seen.field(t, "role") != "member" || seen.field(t, "email") != "" || seen.field(t, "invitedBy") != h.sub(t, "bob@acme.example") {
		t.Errorf("the preview is %s", seen.body)
	}
	h.accept(t, token).isProblem(t, 401, "unauthenticated", "")
	cy := h.signIn(t, "cy@example.com")
	for range 2 {
		if got := h.accept(t, token, cy).is(t, 200); got.field(t, "tenantId") != "acme" || got.field(t, "role") != "member" {
			t.Errorf("accepted %s", got.body)
		}
	}
	h.get(t, "/files/download-url?filename=a", cy).is(t, 200)
	h.accept(t, token, h.signIn(t, "eve@beta.example")).isProblem(t, 404, domain.CodeInvitationInvalid, "invitationToken")
	h.preview(t, token).isProblem(t, 404, domain.CodeInvitationInvalid, "invitationToken")
	if strings.Contains(h.log.String(), token) {
		t.Error("the log has the token")
	}
	if events := h.get(t, "/tenants/acme/events", h.owner).is(t, 200); strings.Contains(events.body, token) || !strings.Contains(events.body, "invitation.accepted") {
		t.Errorf("the events are %s", events.body)
	}
}

func TestAnInvitationByMailIsForItsAddressAlone(t *testing.T) {
	h := openTeam(t)
	created := h.post(t, invitationsOfAcme, `{"email": "Cy@Example.com", "role": "admin"}`, h.owner).is(t, 201)
	if strings.Contains(created.body, "oken") || strings.Contains(created.body, "link") || created.field(t, "email") != "Cy@Example.com" {
		t.Errorf("created %s", created.body)
	}
	token := h.mailed(t)
	h.get(t, "/auth/me", h.owner).is(t, 200) // which keeps the address
	if seen := h.preview(t, token).is(t, 200); seen.field(t, "email") != "C***@E***" || seen.field(t, "invitedBy") != "ada@acme.example" {
		t.Errorf("the preview is %s", seen.body)
	}
	h.accept(t, token, h.signIn(t, "eve@beta.example")).isProblem(t, 403, domain.CodeEmailMismatch, "email")
	resent := h.post(t, invitationsOfAcme+"/"+created.field(t, "invitationId")+"/resend", "", h.admin).is(t, 200)
	if strings.Contains(resent.body, "oken") {
		t.Errorf("resent %s", resent.body)
	}
	h.accept(t, token, h.signIn(t, "cy@example.com")).isProblem(t, 404, domain.CodeInvitationInvalid, "invitationToken")
	h.accept(t, h.mailed(t), h.signIn(t, "cy@example.com")).is(t, 200)
	if got := membersIn(t, h.get(t, "/tenants/acme/members?q=cy%40", h.owner)); len(got.Items) != 1 || got.Items[0].Role != "admin" {
		t.Errorf("the members are %+v", got)
	}
}

func TestSigningUpAcceptsAnInvitation(t *testing.T) {
	h := openTeam(t)
	h.post(t, invitationsOfAcme, `{"email": "cy@example.com", "role": "viewer"}`, h.owner).is(t, 201)
	byMail, byLink := h.mailed(t), h.linked(t, domain.RoleMember)
	signUp := func(email, token string) answer {
		t.Helper()
		return h.post(t, "/auth/signup", fmt.Sprintf(`{"email": %q, "password": "correct horse battery", "invitationToken": %q}`, email, token))
	}
	signUp("dan@example.com", byMail).isProblem(t, 403, domain.CodeEmailMismatch, "email")
	signUp("ada@acme.example", byLink).isProblem(t, 409, domain.CodeUserExists, "email")
	signUp("dan@example.com", "unknown").isProblem(t, 404, domain.CodeInvitationInvalid, "invitationToken")
	both := `{"email": "dan@example.com", "password": "correct horse battery", "invitationToken": "a", "claimToken": "b"}`
	h.post(t, "/auth/signup", both).isProblem(t, 400, "invalid", "invitationToken")
	signUp("cy@example.com", byMail).is(t, 201)
	signUp("dan@example.com", byLink).is(t, 201) // no failed sign-up made an account or spent a token
	for address, role := range map[string]string{"cy@example.com": "viewer", "dan@example.com": "member"} {
		if got := h.get(t, "/auth/me", h.signIn(t, address)).is(t, 200); !strings.Contains(got.body, fmt.Sprintf(`"role":%q`, role)) {
			t.Errorf("%s is %s", address, got.body)
		}
	}
}

func TestInvitationsAreManagedByManagersUpToTheirRole(t *testing.T) {
	h := openTeam(t)
	eve := h.signIn(t, "eve@beta.example")
	of := func(a answer) string { return invitationsOfAcme + "/" + a.is(t, 201).field(t, "invitationId") }
	toOwner, toViewer := of(h.post(t, invitationsOfAcme, `{"role": "owner"}`, h.owner)), of(h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.admin))
	for _, c := range []struct {
		method, path, body, by string
		status                 int
		code                   domain.Code
		field                  string
	}{
		{"POST", invitationsOfAcme, `{"role": "owner"}`, h.admin, 403, domain.CodeRoleTooLow, "role"},
		{"POST", toOwner + "/resend", "", h.admin, 403, domain.CodeRoleTooLow, "role"},
		{"DELETE", toOwner, "", h.admin, 403, domain.CodeRoleTooLow, "role"},
		{"POST", invitationsOfAcme, `{"role": "viewer"}`, h.viewer, 403, "forbidden", ""},
		{"GET", invitationsOfAcme, "", h.viewer, 403, "forbidden", ""},
		{"DELETE", toViewer, "", h.viewer, 403, "forbidden", ""},
		{"GET", invitationsOfAcme, "", eve, 404, domain.CodeTenantNotFound, ""},
		{"POST", invitationsOfAcme, `{"role": "viewer"}`, eve, 404, domain.CodeTenantNotFound, ""},
		{"DELETE", toViewer, "", eve, 404, domain.CodeTenantNotFound, ""},
		{"DELETE", strings.Replace(toViewer, "acme", "beta", 1), "", eve, 404, domain.CodeInvitationNotFound, "invitationId"},
		{"POST", strings.Replace(toViewer, "acme", "beta", 1) + "/resend", "", eve, 404, domain.CodeInvitationNotFound, "invitationId"},
		{"DELETE", strings.Replace(toViewer, "acme", "beta", 1), "", h.owner, 404, domain.CodeTenantNotFound, ""},
		{"DELETE", invitationsOfAcme + "/x", "", h.owner, 404, domain.CodeInvitationNotFound, "invitationId"},
		{"GET", invitationsOfAcme, "", asOperator, 401, domain.CodeInvalidToken, ""},
		{"GET", "/admin" + invitationsOfAcme, "", h.owner, 403, "forbidden", ""},
		{"POST", invitationsOfAcme, `{"role": "king"}`, h.owner, 400, "invalid", "role"},
		{"POST", invitationsOfAcme, `{}`, h.owner, 400, "invalid", "role"},
		{"POST", invitationsOfAcme, `{"role": "viewer", "expiresIn": 3599}`, h.owner, 400, "invalid", "expiresIn"},
		{"POST", invitationsOfAcme, `{"role": "viewer", "expiresIn": 2592001}`, h.owner, 400, "invalid", "expiresIn"},
		{"POST", invitationsOfAcme, `{"role": "viewer", "expiresIn": 9223372036854775807}`, h.owner, 400, "invalid", "expiresIn"},
		{"POST", invitationsOfAcme, `{"role": "viewer", "email": ""}`, h.owner, 400, "invalid", "email"},
		{"GET", invitationsOfAcme + "?state=lost", "", h.owner, 400, "invalid", "state"},
		{"GET", invitationsOfAcme + "?cursor=x", "", h.owner, 400, "invalid", "cursor"},
		{"POST", "/invitations/accept", `{}`, h.owner, 400, "invalid", "invitationToken"},
		{"POST", "/invitations/preview", `{}`, h.owner, 400, "invalid", "invitationToken"},
	} {
		h.send(t, c.method, c.path, c.body, c.by).isProblem(t, c.status, c.code, c.field)
	}
	h.del(t, toOwner, "", h.owner).is(t, 204)
	h.del(t, toOwner, "", h.owner).isProblem(t, 404, domain.CodeInvitationNotFound, "invitationId")
	h.post(t, toOwner+"/resend", "", h.owner).isProblem(t, 404, domain.CodeInvitationNotFound, "invitationId")
	h.del(t, toViewer, "{}", h.owner).is(t, 204)
	if revoked := invitationsIn(t, h.get(t, invitationsOfAcme+"?state=revoked", h.admin)); len(revoked.Items) != 2 || revoked.Items[0].State != "revoked" {
		t.Errorf("revoked are %+v", revoked)
	}
}

func TestInvitationsAreListedFromTheNewest(t *testing.T) {
	h := openTeam(t)
	var want []string
	for range 5 {
		h.clock.pass(time.Second)
		want = append([]string{h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.owner).is(t, 201).field(t, "invitationId")}, want...)
	}
	for path := invitationsOfAcme + "?limit=2"; len(want) > 0; {
		page := invitationsIn(t, h.get(t, path, h.admin))
		for _, item := range page.Items {
			if item.InvitationID != want[0] || item.InvitationToken != "" {
				t.Fatalf("got %+v, want %s", item, want[0])
			}
			want = want[1:]
		}
		if (page.NextCursor == "") != (len(want) == 0) {
			t.Fatalf("the cursor is %q, and %d are left", page.NextCursor, len(want))
		}
		path = invitationsOfAcme + "?limit=2&cursor=" + page.NextCursor
	}
	h.clock.pass(domain.DefaultInvitationLife)
	owner := h.signIn(t, "ada@acme.example")
	if open := invitationsIn(t, h.get(t, invitationsOfAcme, owner)); open.Items == nil || len(open.Items) != 0 {
		t.Errorf("open are %+v", open)
	}
	expired := invitationsIn(t, h.get(t, invitationsOfAcme+"?state=expired", owner))
	if len(expired.Items) != 5 {
		t.Fatalf("expired are %+v", expired)
	}
	token := h.post(t, invitationsOfAcme+"/"+expired.Items[0].InvitationID+"/resend", "{}", owner).is(t, 200).field(t, "invitationToken")
	h.preview(t, token).is(t, 200)
}

func TestARepeatedInvitationHasNoToken(t *testing.T) {
	h := openTeam(t)
	key := "Idempotency-Key: one"
	first := h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.owner, key).is(t, 201)
	again := h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.owner, key).is(t, 201)
	if again.field(t, "invitationId") != first.field(t, "invitationId") || strings.Contains(again.body, "oken") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("got %s, then %s", first.body, again.body)
	}
	h.post(t, invitationsOfAcme, `{"role": "member"}`, h.owner, key).isProblem(t, 422, domain.CodeIdempotencyMismatch, "Idempotency-Key")
	h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.owner, "Idempotency-Key: a b").isProblem(t, 400, "invalid", "Idempotency-Key")
	other := h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.admin, key).is(t, 201)
	if other.field(t, "invitationId") == first.field(t, "invitationId") {
		t.Error("another member got the answer")
	}
}

func TestTheOperatorInvitesTheFirstAdmin(t *testing.T) {
	h := openTeam(t)
	if err := h.db.SetStatus(parse(t, domain.ParseTenantID, "acme"), domain.Suspended); err != nil {
		t.Fatal(err)
	}
	created := h.post(t, "/admin"+invitationsOfAcme, `{"email": "cy@example.com", "role": "owner"}`, asOperator).is(t, 201)
	if created.field(t, "createdBy") != `{"kind":"operator"}` {
		t.Errorf("created %s", created.body)
	}
	token := h.mailed(t)
	h.preview(t, token).isProblem(t, 404, domain.CodeInvitationInvalid, "invitationToken")
	h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.owner).isProblem(t, 404, domain.CodeTenantNotFound, "")
	if err := h.db.SetStatus(parse(t, domain.ParseTenantID, "acme"), domain.Active); err != nil {
		t.Fatal(err)
	}
	if seen := h.preview(t, token).is(t, 200); seen.field(t, "invitedBy") != "operator" {
		t.Errorf("the preview is %s", seen.body)
	}
	path := "/admin" + invitationsOfAcme + "/" + created.field(t, "invitationId")
	h.post(t, path+"/resend", "", asOperator).is(t, 200)
	if all := invitationsIn(t, h.get(t, "/admin"+invitationsOfAcme, asOperator)); len(all.Items) != 1 {
		t.Errorf("the operator sees %+v", all)
	}
	h.del(t, path, "", asOperator).is(t, 204)
	h.get(t, "/admin/tenants/unknown/invitations", asOperator).isProblem(t, 404, domain.CodeTenantNotFound, "")
}

func TestMembersWithoutAVerifiedAddressInviteByLinkAlone(t *testing.T) {
	h := openTeam(t)
	h.config.Invitations.Unproven = true // as where the provider confirms each address unseen
	h.post(t, invitationsOfAcme, `{"email": "cy@example.com", "role": "viewer"}`, h.owner).isProblem(t, 403, domain.CodeEmailUnverified, "email")
	h.post(t, "/admin"+invitationsOfAcme, `{"email": "cy@example.com", "role": "viewer"}`, asOperator).is(t, 201)
	h.accept(t, h.mailed(t), h.signIn(t, "cy@example.com")).isProblem(t, 403, domain.CodeEmailUnverified, "email")
	h.accept(t, h.linked(t, domain.RoleViewer), h.signIn(t, "cy@example.com")).is(t, 200)
}

func TestInvitationsAreLimited(t *testing.T) {
	h := openTeam(t)
	for range ports.MaxAddressMails {
		h.post(t, invitationsOfAcme, `{"email": "cy@example.com", "role": "viewer"}`, h.owner).is(t, 201)
	}
	h.post(t, invitationsOfAcme, `{"email": "cy@example.com", "role": "viewer"}`, h.owner).isProblem(t, 429, "rate_limited", "")
	for range ports.MaxOpenInvitations - 1 {
		h.linked(t, domain.RoleViewer)
	}
	h.post(t, invitationsOfAcme, `{"role": "viewer"}`, h.owner).isProblem(t, 409, domain.CodeInvitationQuota, "")
}

func TestRefusedTokensOfInvitationsAreLimited(t *testing.T) {
	h := openTeam(t)
	good := h.linked(t, domain.RoleViewer)
	for range invitations.TokensPerAddress - 1 {
		h.preview(t, "unknown").isProblem(t, 404, domain.CodeInvitationInvalid, "invitationToken")
	}
	for range 3 {
		h.preview(t, good).is(t, 200) // a good token does not count
	}
	h.accept(t, "unknown", h.viewer).isProblem(t, 404, domain.CodeInvitationInvalid, "invitationToken")
	h.preview(t, good).isProblem(t, 429, "rate_limited", "")
	h.accept(t, good, h.viewer).isProblem(t, http.StatusTooManyRequests, "rate_limited", "")
	h.clock.pass(time.Minute)
	h.preview(t, good).is(t, 200)
}
