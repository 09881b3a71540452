package main

import (
	"fmt"
	"strings"
)

// tenants are requests of callers who may not change a tenant or read its events, and
// changes that no caller may make.
func tenants() []request {
	var all []request
	add := func(status int, code, field, name, as, method, target, body string, headers ...string) {
		all = append(all, request{"tenant", name, as, method, target, append(headers, "Content-Type: application/json"), []byte(body), status, code, field})
	}
	changes := sorted(map[string]string{
		"renames the tenant": "PATCH /tenants/acme {\"name\": \"Mine\"}", "replaces the settings": "PATCH /tenants/acme {\"settings\": {\"plan\": \"free\"}}",
		"suspends the tenant": "POST /tenants/acme/suspend {\"reason\": \"x\"}", "resumes the tenant": "POST /tenants/acme/resume {}",
		"deletes the tenant": "DELETE /tenants/acme {}", "restores the tenant": "POST /tenants/acme/restore {}",
	})
	for name, change := range changes {
		method, rest, _ := strings.Cut(change, " ")
		target, body, _ := strings.Cut(rest, " ")
		for as, who := range sorted(map[string]string{"bob": "the neighbour's owner", "sue": "a suspended admin", "max": "an admin whose membership has expired"}) {
			add(404, "tenant_not_found", "", who+" "+name, as, method, target, body)
		}
		for as, who := range sorted(map[string]string{"amy": "an admin", "vic": "a viewer"}) {
			add(403, "forbidden", "", who+" "+name, as, method, target, body)
		}
		add(403, "forbidden", "", "an owner as the operator "+name, "ada", method, "/admin"+target, body)
		add(400, "invalid", "X-Tenant-ID", "an owner who names two tenants "+name, "ada", method, target, body, "X-Tenant-ID: beta")
		add(401, "unauthenticated", "", "a stranger "+name, "", method, target, body)
	}
	for _, target := range []string{"/admin/tenants", "/admin/tenants/acme", "/admin/tenants/beta/events", "/admin/events"} {
		add(403, "forbidden", "", "an owner reads "+target, "ada", "GET", target, "")
	}
	add(404, "tenant_not_found", "", "an owner reads the events of another tenant", "ada", "GET", "/tenants/beta/events", "")
	add(403, "forbidden", "", "a viewer reads the events", "vic", "GET", "/tenants/acme/events", "")
	for name, query := range sorted(map[string]string{"since yesterday": "since=yesterday", "since a number": "since=1", "cursor of another form": "cursor=MQ==", "limit of a million": "limit=1000000"}) {
		field, _, _ := strings.Cut(name, " ")
		add(400, "invalid", field, "events "+name, "ada", "GET", "/tenants/acme/events?"+query, "")
	}
	for name, body := range sorted(map[string]string{
		"status of their own": `{"status": "purging"}`, "tenantId of the neighbour": `{"tenantId": "beta"}`, "name with a line break": `{"name": "a\nb"}`, "name of 10,000 letters": string(object("name", strings.Repeat("a", 10_000))),
		"name that is null": `{"name": null}`, "settings in a list": `{"settings": [1]}`, "settings of 70,000 bytes": fmt.Sprintf(`{"settings": {"a": "%s"}}`, strings.Repeat("a", 70_000)), "settings that are text": `{"settings": "{}"}`,
		"createdAt of long ago": `{"createdAt": "1970-01-01T00:00:00Z"}`,
	}) {
		field, _, _ := strings.Cut(name, " ")
		add(400, "invalid", field, "an owner sets a "+name, "ada", "PATCH", "/tenants/acme", body)
	}
	for name, reason := range sorted(map[string]string{"no words": "", "201 letters": strings.Repeat("a", 201), "a line break": "a\nb", "a zero byte": "a\x00b"}) {
		add(400, "invalid", "reason", "a reason of "+name, "ada", "POST", "/tenants/acme/suspend", string(object("reason", reason)))
	}
	for name, tag := range sorted(map[string]string{"no quotes": "abc", "a list": `"a", "b"`, "a weak tag": `W/"a"`, "nothing": ""}) {
		add(400, "invalid", "If-Match", "a revision of "+name, "ada", "PATCH", "/tenants/acme", `{"name": "Acme"}`, "If-Match: "+tag)
	}
	add(412, "tenant_changed", "", "a revision that was never there", "ada", "PATCH", "/tenants/acme", `{"name": "Acme"}`, `If-Match: "x"`)
	return all
}
