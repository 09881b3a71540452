package main

import (
	"fmt"
	"strings"
)

// members are requests of callers who may not change, or see, the members of a tenant.
// The test replaces {ada} and the like in a target or a body by the user's sub.
func members() []request {
	var all []request
	add := func(status int, code, field, name, as, method, target, body string) {
		all = append(all, request{"member", name, as, method, target, []string{"Content-Type: application/json"}, []byte(body), status, code, field})
	}
	for as, who := range sorted(map[string]string{"bob": "the neighbour's owner", "sue": "a suspended admin", "max": "an admin whose membership has expired"}) {
		add(404, "tenant_not_found", "", who+" lists the members", as, "GET", "/tenants/acme/members", "")
		add(404, "tenant_not_found", "", who+" becomes an owner", as, "PATCH", "/tenants/acme/members/{"+as+"}", `{"role": "owner", "state": "active", "expiresAt": null}`)
		add(404, "tenant_not_found", "", who+" removes the owner", as, "DELETE", "/tenants/acme/members/{ada}", "")
		add(404, "tenant_not_found", "", who+" leaves", as, "POST", "/tenants/acme/leave", "{}")
		add(404, "tenant_not_found", "", who+" takes the tenant over", as, "POST", "/tenants/acme/owner", fmt.Sprintf(`{"sub": "{%s}", "myRole": "viewer"}`, as))
		add(404, "tenant_not_found", "", who+" signs an upload", as, "POST", "/files/upload-url?tenant=acme", `{"filename": "a"}`)
		all[len(all)-1].Headers = append(all[len(all)-1].Headers, "X-Tenant-ID: acme")
	}
	for name, change := range sorted(map[string]string{
		"makes themself an owner": "{amy} {\"role\": \"owner\"}", "makes another an owner": "{vic} {\"role\": \"owner\"}", "demotes the owner": "{ada} {\"role\": \"viewer\"}",
		"suspends the owner": "{ada} {\"state\": \"suspended\"}", "lets the owner's membership end": "{ada} {\"expiresAt\": \"2999-01-01T00:00:00Z\"}",
	}) {
		sub, body, _ := strings.Cut(change, " ")
		add(403, "role_too_low", "role", "an admin "+name, "amy", "PATCH", "/tenants/acme/members/"+sub, body)
	}
	add(403, "role_too_low", "role", "an admin removes the owner", "amy", "DELETE", "/tenants/acme/members/{ada}", "")
	add(403, "forbidden", "", "an admin hands the tenant over", "amy", "POST", "/tenants/acme/owner", `{"sub": "{amy}", "myRole": "viewer"}`)
	add(403, "forbidden", "", "a viewer lists the members", "vic", "GET", "/tenants/acme/members", "")
	add(403, "forbidden", "", "a viewer promotes themself", "vic", "PATCH", "/tenants/acme/members/{vic}", `{"role": "admin"}`)
	add(403, "forbidden", "", "a viewer removes a member", "vic", "DELETE", "/tenants/acme/members/{amy}", "")
	add(403, "forbidden", "", "an owner grants as the operator", "ada", "POST", "/admin/tenants/acme/members", `{"sub": "{bob}", "role": "owner", "reason": "x"}`)
	add(403, "forbidden", "", "an owner reads another tenant as the operator", "ada", "GET", "/admin/tenants/beta/members", "")
	add(404, "member_not_found", "sub", "an owner changes a member of another tenant", "ada", "PATCH", "/tenants/acme/members/{bob}", `{"role": "viewer"}`)
	add(404, "tenant_not_found", "", "an owner reaches into another tenant", "ada", "PATCH", "/tenants/beta/members/{bob}", `{"role": "viewer"}`)
	add(409, "last_owner", "role", "the last owner leaves", "ada", "POST", "/tenants/acme/leave", "{}")
	for name, sub := range sorted(map[string]string{
		"SQL": "x'%20OR%201=1--", "a slash": "a%2Fb", "an escape that is text": "%2525", "a provider": "local%2F{ada}", "the path of another": "..%2F..%2Fbeta%2Fmembers%2F{bob}", "a wildcard": "%25", "a star": "*",
	}) {
		add(404, "member_not_found", "sub", "a sub that is "+name, "ada", "DELETE", "/tenants/acme/members/"+sub, "")
	}
	for name, sub := range sorted(map[string]string{"a zero byte": "a%00b", "a line break": "a%0Ab", "not UTF-8": "%ff", "129 letters": strings.Repeat("a", 129)}) {
		add(400, "invalid", "sub", "a sub that is "+name, "ada", "PATCH", "/tenants/acme/members/"+sub, `{"role": "viewer"}`)
	}
	for name, at := range sorted(map[string]string{
		"a past year": "2020-01-01T00:00:00Z", "the year 1": "0001-01-01T00:00:00Z", "the year 1 elsewhere": "0001-01-01T01:00:00+01:00", "the year 10000": "9999-12-31T23:59:59-01:00",
		"a date": "2999-01-01", "an empty text": "",
	}) {
		add(400, "invalid", "expiresAt", "an end that is "+name, "ada", "PATCH", "/tenants/acme/members/{vic}", `{"expiresAt": "`+at+`"}`)
	}
	for name, query := range sorted(map[string]string{
		"cursor of another form": "cursor=MQ", "cursor that is no base64": "cursor=%2F%2F%2F%2F", "limit of a million": "limit=1000000", "limit below zero": "limit=-1", "limit in words": "limit=ten",
		"role of a god": "role=root", "state of mind": "state=confused",
		"q with a zero byte": "q=a%00", "q that is not UTF-8": "q=%FF",
	}) {
		field, _, _ := strings.Cut(name, " ")
		add(400, "invalid", field, "a "+name, "ada", "GET", "/tenants/acme/members?"+query, "")
	}
	add(400, "invalid", "kind", "an owner asks for events of a kind with a zero byte", "ada", "GET", "/tenants/acme/events?kind=a%00", "")
	return all
}
