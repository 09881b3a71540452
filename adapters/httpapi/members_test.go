package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports"
)

// memberList is the answer of GET /tenants/{id}/members.
type memberList struct {
	Items      []struct{ Sub, Email, Role, State, Reason string }
	NextCursor string
}

func membersIn(t *testing.T, a answer) memberList {
	t.Helper()
	var list memberList
	if err := json.Unmarshal([]byte(a.is(t, 200).body), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func (l memberList) subs() (subs []string) {
	for _, item := range l.Items {
		subs = append(subs, item.Sub)
	}
	return subs
}

// team has the tenant acme with an owner, an admin and a viewer, who are signed in.
type team struct {
	*installation
	owner, admin, viewer string // Authorization headers
}

func openTeam(t *testing.T) team {
	h := open(t)
	acme := h.tenant(t, "acme", "ada@acme.example")
	h.tenant(t, "beta", "eve@beta.example")
	h.join(t, acme, "bob@acme.example", domain.RoleAdmin)
	h.join(t, acme, "vic@acme.example", domain.RoleViewer)
	return team{h, h.signIn(t, "ada@acme.example"), h.signIn(t, "bob@acme.example"), h.signIn(t, "vic@acme.example")}
}

func (h team) sub(t *testing.T, address string) string {
	t.Helper()
	return h.caller(t, address).Identity().Subject()
}

// of returns the path of the member with the address.
func (h team) of(t *testing.T, address string) string {
	t.Helper()
	return "/tenants/acme/members/" + h.sub(t, address)
}

func (h team) patch(t *testing.T, path, body string, headers ...string) answer {
	t.Helper()
	return h.send(t, http.MethodPatch, path, body, headers...)
}

func (h team) del(t *testing.T, path, body string, headers ...string) answer {
	t.Helper()
	return h.send(t, http.MethodDelete, path, body, headers...)
}

func TestMembersAreListed(t *testing.T) {
	h := openTeam(t)
	h.get(t, "/auth/me", h.owner).is(t, 200) // which keeps the address
	all := membersIn(t, h.get(t, "/tenants/acme/members", h.owner))
	if len(all.Items) != 3 || all.NextCursor != "" || !slices.IsSorted(all.subs()) {
		t.Errorf("all are %+v", all)
	}
	var got []string
	for path := "/tenants/acme/members?limit=2"; ; {
		page := membersIn(t, h.get(t, path, h.admin))
		got = append(got, page.subs()...)
		if page.NextCursor == "" {
			break
		}
		path = "/tenants/acme/members?limit=2&cursor=" + page.NextCursor
	}
	if !slices.Equal(got, all.subs()) {
		t.Errorf("page by page: %v, want %v", got, all.subs())
	}
	for query, want := range map[string]string{
		"role=admin":        "bob@acme.example",
		"q=" + "ADA%40acme": "ada@acme.example",
		"role=viewer&q=" + h.sub(t, "vic@acme.example")[:6] + "&state=active": "vic@acme.example",
	} {
		if got := membersIn(t, h.get(t, "/tenants/acme/members?"+query, h.owner)); !slices.Equal(got.subs(), []string{h.sub(t, want)}) {
			t.Errorf("%s: %+v, want %s", query, got, want)
		}
	}
	if got := membersIn(t, h.get(t, "/tenants/acme/members?state=suspended", h.owner)); got.Items == nil || len(got.Items) != 0 {
		t.Errorf("suspended are %+v", got)
	}
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=201": "limit", "limit=x": "limit", "cursor=%21": "cursor", "cursor=YQ": "cursor",
		"role=king": "role", "state=asleep": "state", "q=" + strings.Repeat("a", 255): "q", "colour=red": "colour", "role=admin&role=owner": "role",
	} {
		h.get(t, "/tenants/acme/members?"+query, h.owner).isProblem(t, 400, "invalid", field)
	}
	h.get(t, "/tenants/acme/members", h.viewer).isProblem(t, 403, "forbidden", "")
	h.get(t, "/tenants/acme/members").isProblem(t, 401, "unauthenticated", "")
	h.get(t, "/tenants/acme/members", h.signIn(t, "eve@beta.example")).isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.get(t, "/tenants/acme/members", h.owner, "X-Tenant-ID: beta").isProblem(t, 400, "invalid", "X-Tenant-ID")
	h.get(t, "/tenants/acme/members", h.owner, "X-Tenant-ID: acme").is(t, 200)
}

func TestMembersAreChanged(t *testing.T) {
	h := openTeam(t)
	vic, ada, bob := h.of(t, "vic@acme.example"), h.of(t, "ada@acme.example"), h.of(t, "bob@acme.example")
	end := h.clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)

	got := h.patch(t, vic, fmt.Sprintf(`{"role": "member", "expiresAt": %q, "reason": " a temp "}`, end), h.admin).is(t, 200)
	if got.field(t, "role") != "member" || got.field(t, "expiresAt") != end || got.field(t, "reason") != "a temp" ||
		got.field(t, "grantedBy") != fmt.Sprintf(`{"kind":"user","sub":%q}`, h.sub(t, "bob@acme.example")) {
		t.Errorf("changed to %s", got.body)
	}
	if got := h.patch(t, vic, `{"expiresAt": null, "reason": null}`, h.admin).is(t, 200); got.field(t, "expiresAt") != "" || got.field(t, "reason") != "" || got.field(t, "role") != "member" {
		t.Errorf("cleared to %s", got.body)
	}
	if again := h.patch(t, vic, `{}`, h.admin).is(t, 200); again.field(t, "role") != "member" {
		t.Errorf("nothing changed to %s", again.body)
	}

	h.get(t, "/files/download-url?filename=a", h.viewer).is(t, 200)
	h.patch(t, vic, `{"state": "suspended"}`, h.admin).is(t, 200)
	h.get(t, "/files/download-url?filename=a", h.viewer, "X-Tenant-ID: acme").isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.post(t, "/tenants/acme/leave", "", h.viewer).isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.patch(t, vic, fmt.Sprintf(`{"state": "active", "expiresAt": %q}`, end), h.admin).is(t, 200)
	h.get(t, "/files/download-url?filename=a", h.viewer).is(t, 200)
	h.clock.pass(time.Hour)
	owner, admin, viewer := h.signIn(t, "ada@acme.example"), h.signIn(t, "bob@acme.example"), h.signIn(t, "vic@acme.example")
	h.get(t, "/files/download-url?filename=a", viewer, "X-Tenant-ID: acme").isProblem(t, 404, domain.CodeTenantNotFound, "")

	for body, field := range map[string]string{
		`{"role": "king"}`: "role", `{"role": null}`: "role", `{"state": null}`: "state", `{"state": "asleep"}`: "state", `{"expiresAt": "tomorrow"}`: "expiresAt",
		`{"expiresAt": "2020-01-31T09:30:00Z"}`: "expiresAt", `{"expiresAt": "0001-01-01T00:00:00Z"}`: "expiresAt",
		`{"expiresAt": "0001-01-01T01:00:00+01:00"}`: "expiresAt", `{"expiresAt": "9999-12-31T23:59:59-01:00"}`: "expiresAt", `{"expiresAt": 5}`: "expiresAt", `{"reason": "a\nb"}`: "reason", `{"roles": []}`: "roles",
	} {
		h.patch(t, vic, body, owner).isProblem(t, 400, "invalid", field)
	}
	h.patch(t, vic, `{"role": "owner"}`, admin).isProblem(t, 403, domain.CodeRoleTooLow, "role")
	h.patch(t, ada, `{"role": "viewer"}`, admin).isProblem(t, 403, domain.CodeRoleTooLow, "role")
	h.patch(t, bob, `{"role": "viewer"}`, viewer).isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.patch(t, vic, `{"expiresAt": null}`, owner).is(t, 200)
	h.patch(t, bob, `{"role": "viewer"}`, viewer).isProblem(t, 403, "forbidden", "")
	for _, body := range []string{`{"role": "admin"}`, `{"state": "suspended"}`, `{"expiresAt": "2999-01-31T09:30:00Z"}`} {
		h.patch(t, ada, body, owner).isProblem(t, 409, domain.CodeLastOwner, "role")
	}
	h.patch(t, "/tenants/acme/members/nobody", `{"role": "viewer"}`, owner).isProblem(t, 404, domain.CodeMemberNotFound, "sub")
	h.patch(t, "/tenants/beta/members/"+h.sub(t, "eve@beta.example"), `{"role": "viewer"}`, owner).isProblem(t, 404, domain.CodeTenantNotFound, "")
}

func TestMembersAreRemovedAndLeave(t *testing.T) {
	h := openTeam(t)
	vic := h.of(t, "vic@acme.example")
	h.del(t, vic, "", h.viewer).isProblem(t, 403, "forbidden", "")
	h.del(t, vic, `{"reason": "a\nb"}`, h.admin).isProblem(t, 400, "invalid", "reason")
	h.del(t, vic, `{"reason": "left the company"}`, h.admin).is(t, 204)
	h.get(t, "/files/download-url?filename=a", h.viewer, "X-Tenant-ID: acme").isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.del(t, vic, "", h.admin).isProblem(t, 404, domain.CodeMemberNotFound, "sub")
	h.del(t, h.of(t, "ada@acme.example"), "", h.admin).isProblem(t, 403, domain.CodeRoleTooLow, "role")
	h.del(t, h.of(t, "ada@acme.example"), "", h.owner).isProblem(t, 409, domain.CodeLastOwner, "role")

	h.post(t, "/tenants/acme/leave", `{"when": "now"}`, h.admin).isProblem(t, 400, "invalid", "when")
	h.post(t, "/tenants/acme/leave", "{}", h.admin).is(t, 204)
	h.post(t, "/tenants/acme/leave", "", h.admin).isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.post(t, "/tenants/acme/leave", "", h.owner).isProblem(t, 409, domain.CodeLastOwner, "role")
}

func TestAnOwnerHandsOver(t *testing.T) {
	h := openTeam(t)
	vic := h.sub(t, "vic@acme.example")
	hand := func(sub, role string, headers ...string) answer {
		t.Helper()
		return h.post(t, "/tenants/acme/owner", fmt.Sprintf(`{"sub": %q, "myRole": %q}`, sub, role), headers...)
	}
	hand(vic, "viewer", h.admin).isProblem(t, 403, "forbidden", "")
	hand(vic, "king", h.owner).isProblem(t, 400, "invalid", "myRole")
	hand("", "viewer", h.owner).isProblem(t, 400, "invalid", "sub")
	hand(h.sub(t, "ada@acme.example"), "viewer", h.owner).isProblem(t, 400, "invalid", "sub")
	hand(h.sub(t, "eve@beta.example"), "viewer", h.owner).isProblem(t, 404, domain.CodeMemberNotFound, "sub")
	h.patch(t, h.of(t, "vic@acme.example"), `{"state": "suspended"}`, h.owner).is(t, 200)
	hand(vic, "viewer", h.owner).isProblem(t, 409, domain.CodeMemberInactive, "sub")
	h.patch(t, h.of(t, "vic@acme.example"), `{"state": "active", "expiresAt": "2999-01-31T09:30:00Z"}`, h.owner).is(t, 200)
	hand(vic, "viewer", h.owner).isProblem(t, 409, domain.CodeLastOwner, "role")
	h.patch(t, h.of(t, "vic@acme.example"), `{"expiresAt": null}`, h.owner).is(t, 200)
	got := hand(vic, "member", h.owner).is(t, 200)
	if !strings.Contains(got.field(t, "owner"), vic) || !strings.Contains(got.field(t, "owner"), `"owner"`) || !strings.Contains(got.field(t, "me"), `"member"`) {
		t.Errorf("handed over: %s", got.body)
	}
	hand(vic, "member", h.owner).isProblem(t, 403, "forbidden", "")
}

func TestASubjectInAPathIsDecodedOnce(t *testing.T) {
	h := openTeam(t)
	for _, subject := range []string{"a b", "a/b", "a%2Fb", "a%b", "100%", "ä/ö?x#y", "+", "a+b c", "..", "a;b,c"} {
		identity := parse(t, func(s string) (domain.Identity, error) { return domain.NewIdentity(h.identities.Name(), s) }, subject)
		if _, err := h.db.Members().Grant(t.Context(), ports.MemberGrant{Tenant: parse(t, domain.ParseTenantID, "acme"), Member: identity, Role: domain.RoleViewer}); err != nil {
			t.Fatal(err)
		}
		path := "/tenants/acme/members/" + strings.ReplaceAll(url.PathEscape(subject), ".", "%2E")
		if got := h.patch(t, path, `{"role": "member"}`, h.owner).is(t, 200); got.field(t, "sub") != subject {
			t.Errorf("%s changes %q, want %q", path, got.field(t, "sub"), subject)
		}
		h.del(t, path, "", h.owner).is(t, 204)
	}
	h.patch(t, "/tenants/acme/members/"+strings.Repeat("a", 129), `{}`, h.owner).isProblem(t, 400, "invalid", "sub")
}

func TestTheOperatorManagesMembersOfEachTenant(t *testing.T) {
	h := openTeam(t)
	eve, admin := h.sub(t, "eve@beta.example"), "/admin/tenants/acme/members"
	grant := fmt.Sprintf(`{"sub": %q, "role": "admin", "expiresAt": %q, "reason": "ticket 17"}`, eve, h.clock.Now().Add(time.Hour).Format(time.RFC3339))

	h.post(t, admin, grant, h.owner).isProblem(t, 403, "forbidden", "")
	h.post(t, admin, grant).isProblem(t, 401, "unauthenticated", "")
	h.post(t, admin, grant, asOperator, "X-Tenant-ID: beta").isProblem(t, 400, "invalid", "X-Tenant-ID")
	for body, field := range map[string]string{
		strings.Replace(grant, "ticket 17", "", 1): "reason", strings.Replace(grant, "admin", "king", 1): "role",
		strings.Replace(grant, eve, "", 1): "sub", `{"sub": "x", "role": "viewer", "reason": "r", "expiresAt": "2020-01-31T09:30:00Z"}`: "expiresAt",
		`{"sub": "x", "role": "viewer", "reason": "s", "expiresAt": "0001-01-01T00:00:00Z"}`: "expiresAt", `{"sub": "x", "role": "viewer", "reason": "t", "expiresAt": "9999-12-31T23:59:59-01:00"}`: "expiresAt",
	} {
		h.post(t, admin, body, asOperator).isProblem(t, 400, "invalid", field)
	}
	if got := h.post(t, admin, grant, asOperator).is(t, 201); got.field(t, "grantedBy") != `{"kind":"operator"}` || got.field(t, "reason") != "ticket 17" {
		t.Errorf("granted %s", got.body)
	}
	for key, answers := range map[string]string{"k1": "", "k2": ""} {
		for n := range 2 {
			got := h.post(t, admin, grant, asOperator, "Idempotency-Key: "+key).is(t, 201)
			if replayed := got.header.Get("Idempotency-Replayed") == "true"; replayed != (n > 0) || n > 0 && got.body != answers {
				t.Errorf("%s, request %d: replayed %v, %s", key, n, replayed, got.body)
			}
			answers = got.body
		}
	}
	h.post(t, admin, strings.Replace(grant, "ticket 17", "ticket 18", 1), asOperator, "Idempotency-Key: k1").isProblem(t, 422, domain.CodeIdempotencyMismatch, "Idempotency-Key")
	h.post(t, admin, grant, asOperator, "Idempotency-Key: a b").isProblem(t, 400, "invalid", "Idempotency-Key")
	support := h.signIn(t, "eve@beta.example")
	if seen := membersIn(t, h.get(t, "/tenants/acme/members?q="+eve, h.owner)); len(seen.Items) != 1 || seen.Items[0].Reason != "ticket 17" {
		t.Errorf("the owner sees %+v", seen)
	}
	h.patch(t, "/tenants/acme/members/"+eve, `{"expiresAt": null}`, support).isProblem(t, 403, domain.CodeExpiryTooLate, "expiresAt")

	if err := h.db.SetStatus(parse(t, domain.ParseTenantID, "acme"), domain.Suspended); err != nil {
		t.Fatal(err)
	}
	h.get(t, "/tenants/acme/members", h.owner).isProblem(t, 404, domain.CodeTenantNotFound, "")
	if all := membersIn(t, h.get(t, admin, asOperator)); len(all.Items) != 4 {
		t.Errorf("the operator sees %+v", all)
	}
	h.patch(t, admin+"/"+eve, `{"role": "viewer"}`, asOperator).is(t, 200)
	endless := fmt.Sprintf(`{"sub": %q, "role": "viewer", "expiresAt": null, "reason": "ticket 18"}`, eve)
	if got := h.post(t, admin, endless, asOperator).is(t, 201); strings.Contains(got.body, "expiresAt") {
		t.Errorf("granted %s", got.body)
	}
	h.del(t, admin+"/"+eve, "", asOperator).is(t, 204)
	h.del(t, admin+"/"+eve, "", asOperator).isProblem(t, 404, domain.CodeMemberNotFound, "sub")
	h.del(t, admin+"/"+h.sub(t, "ada@acme.example"), "", asOperator).isProblem(t, 409, domain.CodeLastOwner, "role")
	h.get(t, "/admin/tenants/unknown/members", asOperator).isProblem(t, 404, domain.CodeTenantNotFound, "")
	h.get(t, admin, h.owner).isProblem(t, 403, "forbidden", "")
}

func TestWhoAmIKeepsTheAddressForTheLists(t *testing.T) {
	h := openTeam(t)
	if got := membersIn(t, h.get(t, "/tenants/acme/members?role=viewer", h.owner)); got.Items[0].Email != "" {
		t.Errorf("the address is known: %+v", got)
	}
	h.get(t, "/auth/me", h.viewer).is(t, 200)
	if got := membersIn(t, h.get(t, "/tenants/acme/members?role=viewer", h.owner)); got.Items[0].Email != "vic@acme.example" {
		t.Errorf("the list has %+v", got)
	}
}
