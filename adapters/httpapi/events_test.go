package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// eventPage is an answer that lists events.
type eventPage struct {
	Items      []struct{ ID, Kind, TenantID string }
	NextCursor string
}

func (a answer) events(t *testing.T) (page eventPage) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.is(t, 200).body), &page); err != nil {
		t.Fatal(err)
	}
	return page
}

func TestAdminsListTheEventsOfTheirTenantPageByPage(t *testing.T) {
	h := open(t)
	ada, eve := h.signIn(t, "ada@acme.example"), h.signIn(t, "eve@acme.example")
	h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, ada).is(t, 201)
	h.post(t, "/auth/tenants", `{"tenantId": "evil"}`, eve).is(t, 201)
	acme := domain.Must(domain.ParseTenantID("acme"))
	h.join(t, acme, "bob@acme.example", domain.RoleViewer)
	h.join(t, acme, "bob@acme.example", domain.RoleMember)
	bob := h.signIn(t, "bob@acme.example")

	got := h.get(t, "/tenants/acme/events", ada).events(t)
	if len(got.Items) != 3 || got.NextCursor != "" || got.Items[0].Kind != "tenant.created" || got.Items[2].Kind != "member.role_changed" || got.Items[1].TenantID != "acme" {
		t.Errorf("got %+v", got)
	}
	path, seen := "/tenants/acme/events?limit=2", ""
	for pages := 0; path != ""; pages++ {
		page := h.get(t, path, ada).events(t)
		for _, item := range page.Items {
			seen += item.ID + " "
		}
		path = ""
		if page.NextCursor != "" {
			path = "/tenants/acme/events?limit=2&cursor=" + page.NextCursor
		}
	}
	if want := fmt.Sprintf("%s %s %s ", got.Items[0].ID, got.Items[1].ID, got.Items[2].ID); seen != want {
		t.Errorf("page by page: got %q, want %q", seen, want)
	}
	for query, want := range map[string]int{"kind=member.added": 1, "kind=no.such": 0, "since=2000-01-01T00:00:00Z": 3, "since=2100-01-01T00:00:00Z": 0} {
		if page := h.get(t, "/tenants/acme/events?"+query, ada).events(t); len(page.Items) != want {
			t.Errorf("%s: got %+v", query, page)
		}
	}
	h.get(t, "/tenants/acme/events", bob).isProblem(t, 403, "forbidden", "")
	h.get(t, "/tenants/acme/events", eve).isProblem(t, 404, "tenant_not_found", "")
	h.get(t, "/tenants/acme/events").isProblem(t, 401, "unauthenticated", "")
	for _, field := range []string{"since", "limit", "cursor"} {
		for _, value := range []string{"yesterday", "-1", "0", "201"} {
			if field == "cursor" && value == "201" {
				continue
			}
			if a := h.send(t, "GET", "/tenants/acme/events?"+field+"="+value, "", ada); a.status != 400 || !strings.Contains(a.body, `"field":"`+field+`"`) {
				t.Errorf("%s=%s: %d %s", field, value, a.status, a.body)
			}
		}
	}
}

func TestTheOperatorListsTheEventsOfAllTenants(t *testing.T) {
	h := open(t)
	ada := h.signIn(t, "ada@acme.example")
	h.post(t, "/auth/tenants", `{"tenantId": "acme"}`, ada).is(t, 201)
	h.post(t, "/auth/tenants", `{"tenantId": "bolt"}`, asOperator).is(t, 201)
	page := h.get(t, "/admin/events", asOperator).events(t)
	if len(page.Items) != 2 || page.Items[0].TenantID != "acme" || page.Items[1].Kind != "tenant.reserved" {
		t.Errorf("got %+v", page)
	}
	page = h.get(t, "/admin/tenants/acme/events", asOperator).events(t)
	if len(page.Items) != 1 || page.Items[0].TenantID != "acme" {
		t.Errorf("of one tenant: got %+v", page)
	}
	h.get(t, "/admin/tenants/acme/events", ada).isProblem(t, 403, "forbidden", "")
	h.get(t, "/admin/events", ada).isProblem(t, 403, "forbidden", "")
	h.get(t, "/admin/events", "Authorization: Bearer nonsense").isProblem(t, 401, "invalid_token", "")
	h.get(t, "/admin/events").isProblem(t, 401, "unauthenticated", "")
}
