package main

import "strings"

// invitations are requests of callers who may not invite, or accept. The test replaces
// {toOwner} by the ID of an invitation to the role of an owner of acme, {ofBeta} by that
// of one to beta, and {tokenForBob} by the token of one to acme that was mailed to bob.
func invitations() []request {
	var all []request
	add := func(status int, code, field, name, as, method, target, body string) {
		all = append(all, request{"invitation", name, as, method, target, []string{"Content-Type: application/json"}, []byte(body), status, code, field})
	}
	for as, who := range sorted(map[string]string{"bob": "the neighbour's owner", "sue": "a suspended admin", "max": "an admin whose membership has expired"}) {
		add(404, "tenant_not_found", "", who+" lists the invitations", as, "GET", "/tenants/acme/invitations", "")
		add(404, "tenant_not_found", "", who+" invites an owner", as, "POST", "/tenants/acme/invitations", `{"role": "owner"}`)
		add(404, "tenant_not_found", "", who+" resends an invitation", as, "POST", "/tenants/acme/invitations/{toOwner}/resend", "{}")
		add(404, "tenant_not_found", "", who+" revokes an invitation", as, "DELETE", "/tenants/acme/invitations/{toOwner}", "")
	}
	add(403, "role_too_low", "role", "an admin invites an owner", "amy", "POST", "/tenants/acme/invitations", `{"role": "owner"}`)
	add(403, "role_too_low", "role", "an admin resends an invitation to an owner", "amy", "POST", "/tenants/acme/invitations/{toOwner}/resend", "{}")
	add(403, "role_too_low", "role", "an admin revokes an invitation to an owner", "amy", "DELETE", "/tenants/acme/invitations/{toOwner}", "")
	add(403, "forbidden", "", "a viewer invites", "vic", "POST", "/tenants/acme/invitations", `{"role": "viewer"}`)
	add(403, "forbidden", "", "a viewer lists the invitations", "vic", "GET", "/tenants/acme/invitations", "")
	add(403, "forbidden", "", "an owner invites as the operator", "ada", "POST", "/admin/tenants/beta/invitations", `{"role": "owner"}`)
	add(404, "invitation_not_found", "invitationId", "an owner revokes another tenant's invitation", "ada", "DELETE", "/tenants/acme/invitations/{ofBeta}", "")
	add(404, "invitation_not_found", "invitationId", "an owner resends another tenant's invitation", "ada", "POST", "/tenants/acme/invitations/{ofBeta}/resend", "{}")
	add(404, "tenant_not_found", "", "an owner revokes in another tenant", "ada", "DELETE", "/tenants/beta/invitations/{ofBeta}", "")
	for name, id := range sorted(map[string]string{
		"SQL": "x'%20OR%201=1--", "a slash": "a%2Fb", "a zero byte": "a%00b", "not UTF-8": "%ff", "a path up": "..%2F{ofBeta}", "a wildcard": "%25", "24 capitals": strings.Repeat("A", 24), "ten thousand letters": strings.Repeat("a", 10_000),
	}) {
		add(404, "invitation_not_found", "invitationId", "an ID that is "+name, "ada", "DELETE", "/tenants/acme/invitations/"+id, "")
	}
	add(403, "email_mismatch", "email", "a user accepts another's invitation", "vic", "POST", "/invitations/accept", `{"invitationToken": "{tokenForBob}"}`)
	add(403, "email_mismatch", "email", "a user signs up with another's invitation", "", "POST", "/auth/signup", `{"email": "mallory@example.com", "password": "correct horse battery", "invitationToken": "{tokenForBob}"}`)
	for name, token := range sorted(map[string]string{
		"SQL": "' OR 1=1--", "an invitation's ID": "{ofBeta}", "a zero byte": `\u0000`, "ten thousand letters": strings.Repeat("A", 10_000), "a space": " ",
	}) {
		add(404, "invitation_invalid", "invitationToken", "a token that is "+name, "vic", "POST", "/invitations/accept", `{"invitationToken": "`+token+`"}`)
		add(404, "invitation_invalid", "invitationToken", "a token, to be shown, that is "+name, "", "POST", "/invitations/preview", `{"invitationToken": "`+token+`"}`)
	}
	for name, body := range sorted(map[string]string{
		"email in a list": `{"role": "viewer", "email": ["a@example.com", "b@example.com"]}`, "email with a line break": `{"role": "viewer", "email": "a@example.com\nBcc: b@example.com"}`,
		"email of two": `{"role": "viewer", "email": "a@example.com,b@example.com"}`, "role of a god": `{"role": "root"}`, "role that is null": `{"role": null}`,
		"expiresIn of a second": `{"role": "viewer", "expiresIn": 1}`, "expiresIn below zero": `{"role": "viewer", "expiresIn": -604800}`, "expiresIn of a century": `{"role": "viewer", "expiresIn": 3153600000}`,
		"expiresIn in words": `{"role": "viewer", "expiresIn": "604800"}`, "invitationToken of the caller's": `{"role": "viewer", "invitationToken": "x"}`,
	}) {
		field, _, _ := strings.Cut(name, " ")
		add(400, "invalid", field, "an "+name, "ada", "POST", "/tenants/acme/invitations", body)
	}
	return all
}
