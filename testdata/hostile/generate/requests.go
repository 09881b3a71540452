package main

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// request is a request that must get Status, with a problem of Code on Field. The
// installation has the tenants acme, of ada, and beta, of bob. In acme, amy is an admin,
// vic a viewer, sue a suspended admin, and max an admin whose membership has expired.
type request struct {
	Group   string   `json:"group"`
	Name    string   `json:"name"`
	As      string   `json:"as,omitempty"` // the signed-in user, or empty
	Method  string   `json:"method"`
	Target  string   `json:"target"`
	Headers []string `json:"headers,omitempty"` // "Name: value", sent as they are
	Body    []byte   `json:"body,omitempty"`    // base64, as encoding/json writes it
	Status  int      `json:"status"`
	Code    string   `json:"code"`
	Field   string   `json:"field,omitempty"`
}

func hostileRequests() []request {
	var all []request
	for _, group := range [][]request{selectors(), paths(), filenames(), bodies(), fields(), headers(), members(), invitations(), tenants()} {
		all = append(all, group...)
	}
	return all
}

// selectors name a tenant in X-Tenant-ID.
func selectors() []request {
	var all []request
	add := func(status int, code, field, name string, values ...string) {
		r := request{Group: "selector", Name: name, As: "ada", Method: "GET", Target: "/files/download-url?filename=a", Status: status, Code: code, Field: field}
		for _, value := range values {
			r.Headers = append(r.Headers, "X-Tenant-ID: "+value)
		}
		all = append(all, r)
	}
	for name, value := range sorted(map[string]string{
		"nothing": "", "one letter": "a", "a capital": "Acme", "all capitals": "ACME", "a space": "acme ltd", "a list": "acme,beta", "a list with spaces": "acme, beta",
		"quotes": `"acme"`, "single quotes": "'acme'", "a semicolon and SQL": `acme"; DROP SCHEMA "tenant_beta" CASCADE; --`, "an OR": "acme' OR '1'='1",
		"a schema's name": "tenant_acme", "a schema and table": "beta.invoices", "a quoted schema": `"tenant_beta"`, "a dollar quote": "$$acme$$",
		"an accent": "ácme", "a Cyrillic letter": "аcme", "full width": "ａｃｍｅ", "a zero-width space": "acme\u200b", "a right-to-left mark": "\u202eacme", "a soft hyphen": "ac\u00adme",
		"a combining accent": "a\u0301cme", "a Kelvin sign": "acme\u212a", "a dotless i": "acmeı",
		"percent-encoded": "%61cme", "an encoded NUL": "acme%00", "an encoded slash": "acme%2fbeta", "an HTML entity": "&#97;cme", "a Unicode escape": `\u0061cme`,
		"a path up": "../beta", "a path down": "acme/beta", "a dot": "acme.", "dots": "..", "a backslash": `acme\beta`, "a tilde": "~", "a wildcard": "*", "SQL's wildcard": "acm%", "an underscore": "acm_",
		"a hyphen first": "-acme", "a hyphen last": "acme-", "a digit first": "1acme", "a shell": "$(id)", "backticks": "`id`", "a template": "{{7*7}}", "a lookup": "${jndi:ldap://x}", "JSON": `{"$ne":null}`, "an array": `["beta"]`,
		"49 letters": strings.Repeat("a", 49), "64 letters": strings.Repeat("a", 64), "ten thousand letters": strings.Repeat("a", 10_000), "a tab inside": "ac\tme", "a number": "42", "a negative number": "-1",
		"an e-mail address": "ada@acme.example", "a URL": "https://acme.example/", "an IP address": "127.0.0.1", "a UUID": "7c0a6a1c-7b3b-4a55-9f5e-0a6f3c1f0b1d",
	}) {
		add(400, "invalid", "X-Tenant-ID", name, value)
	}
	for name, value := range sorted(map[string]string{
		"the neighbour": "beta", "one that isn't there": "nobody", "a reserved name": "admin", "the system's schema": "partywall", "the word null": "null", "the word true": "true", "48 letters": strings.Repeat("a", 48), "Punycode": "xn--cme-8la",
	}) {
		add(404, "tenant_not_found", "", name, value)
	}
	add(400, "invalid", "X-Tenant-ID", "two", "acme", "beta")
	add(400, "invalid", "X-Tenant-ID", "two, the other way round", "beta", "acme")
	add(400, "invalid", "X-Tenant-ID", "one and nothing", "acme", "")
	add(400, "invalid", "X-Tenant-ID", "three", "acme", "acme", "beta")
	return all
}

// paths name a tenant in the path, if there is one.
func paths() []request {
	var all []request
	claim := func(status int, code, field, name, id string, headers ...string) {
		all = append(all, request{"path", name, "ada", "POST", "/tenants/" + id + "/claim", append(headers, "Content-Type: application/json"), []byte(`{"claimToken": "x"}`), status, code, field})
	}
	for name, id := range sorted(map[string]string{
		"a capital": "Acme", "an encoded letter": "%61cme", "an encoded NUL": "acme%00", "an encoded slash": "acme%2F..", "an encoded path up": "..%2Fbeta", "encoded quotes": "%22acme%22",
		"an encoded space": "acme%20", "a double encoding": "%2561cme", "an encoded line break": "acme%0d%0aX-Tenant-ID:%20beta", "ten thousand letters": strings.Repeat("a", 10_000), "nothing": "",
		"a semicolon": "acme;beta", "an accent": "%C3%A1cme", "overlong UTF-8": "%C1%A1cme", "a plus": "a+b",
	}) {
		claim(400, "invalid", "tenantId", name, id)
	}
	claim(400, "invalid", "X-Tenant-ID", "another tenant in the header", "acme", "X-Tenant-ID: beta")
	for _, target := range []string{"/tenants/acme/../beta/claim", "/tenants/acme/claim/", "//files/download-url", "/files/../auth/me", "/./files/download-url", "/FILES/download-url", "/files/download-url/", "/local/objects", "/admin", "/.env", "/.git/config", "/debug/pprof/"} {
		all = append(all, request{Group: "path", Name: target, As: "ada", Method: "GET", Target: target, Status: 404, Code: "not_found"})
	}
	return all
}

// filenames name a file to upload to acme.
func filenames() []request {
	var all []request
	add := func(name, filename string) {
		all = append(all, request{"file name", name, "ada", "POST", "/files/upload-url", asJSON, object("filename", filename), 400, "invalid", "filename"})
	}
	for name, filename := range sorted(map[string]string{
		"nothing": "", "absolute": "/etc/passwd", "the neighbour's": "../beta/secret.txt", "a way round": "a/../../beta/secret.txt", "a dot": ".", "two dots": "..", "dots last": "a/..", "a dot inside": "a/./b",
		"an empty segment": "a//b", "a slash last": "a/", "a slash": "/", "a backslash": `..\beta\secret.txt`, "a drive": `C:\secret`, "a NUL": "a\x00.txt", "a line break": "a\nb", "a carriage return": "a\r\nSet-Cookie: x=y",
		"a tab": "a\tb", "DEL": "a\x7fb", "a C1 control": "a\u0085b", "an escape sequence": "\x1b[31mred", "1,020 bytes": strings.Repeat("a", 1020), "ten thousand bytes": strings.Repeat("a", 10_000),
		"1,000 bytes once it is normal": strings.Repeat("\u1e9b\u0323", 400),
	}) {
		add(name, filename)
	}
	for name, query := range sorted(map[string]string{"a way round": "filename=..%2Fbeta%2Fsecret.txt", "a NUL": "filename=a%00b", "bytes that aren't UTF-8": "filename=%ff%fe", "overlong dots": "filename=%c0%ae%c0%ae%2fbeta", "two names": "filename=a&filename=b", "no name": "file=a"}) {
		all = append(all, request{Group: "file name", Name: "in the query: " + name, As: "ada", Method: "GET", Target: "/files/download-url?" + query, Status: 400, Code: "invalid", Field: "filename"})
	}
	return append(all, fileLists()...)
}

// fileLists list and delete files of acme.
func fileLists() []request {
	var all []request
	add := func(method, query string, status int, code, field, name string) {
		all = append(all, request{Group: "list of files", Name: name, As: "ada", Method: method, Target: "/files?" + query, Status: status, Code: code, Field: field})
	}
	for name, text := range sorted(map[string]string{
		"the neighbour's": "..%2Fbeta%2F", "a way round": "a%2F..%2F..%2Fbeta%2Fsecret.txt", "absolute": "%2Fbeta", "an empty segment": "a%2F%2Fb", "a backslash": "..%5Cbeta",
		"a NUL": "a%00b", "a line break": "a%0d%0ab", "bytes that aren't UTF-8": "%ff%fe", "overlong dots": "%c0%ae%c0%ae%2fbeta", "ten thousand bytes": strings.Repeat("a", 10_000),
	}) {
		add("GET", "prefix="+text, 400, "invalid", "prefix", "a prefix: "+name)
		add("DELETE", "filename="+text, 400, "invalid", "filename", "a deletion: "+name)
	}
	add("GET", "prefix=a&prefix=b", 400, "invalid", "prefix", "two prefixes")
	add("GET", "tenantId=beta", 400, "invalid", "tenantId", "another tenant")
	for name, cursor := range sorted(map[string]string{"no Base64": "..%2Fbeta", "a path up": "Li4vYmV0YS9zZWNyZXQudHh0", "a NUL": "YQBi", "bytes that aren't UTF-8": "__4"}) {
		add("GET", "cursor="+cursor, 400, "invalid", "cursor", "a cursor: "+name)
	}
	for name, limit := range sorted(map[string]string{"nothing": "", "none": "0", "less than none": "-1", "201": "201", "a word": "all", "beyond all numbers": "99999999999999999999"}) {
		add("GET", "limit="+limit, 400, "invalid", "limit", "a limit: "+name)
	}
	add("DELETE", "", 400, "invalid", "filename", "a deletion: no name")
	add("DELETE", "filename=a&filename=b", 400, "invalid", "filename", "a deletion: two names")
	add("DELETE", "prefix=a", 400, "invalid", "prefix", "a deletion: a prefix")
	add("DELETE", "filename=secret.txt", 404, "file_not_found", "filename", "a deletion: a file that only the neighbour has")
	for _, method := range []string{"GET", "DELETE"} {
		all = append(all, request{Group: "list of files", Name: method + " in the neighbour's tenant", As: "ada", Method: method, Target: "/files?filename=secret.txt", Headers: []string{"X-Tenant-ID: beta"}, Status: 404, Code: "tenant_not_found"})
	}
	all = append(all, request{Group: "list of files", Name: "a viewer deletes", As: "vic", Method: "DELETE", Target: "/files?filename=a", Status: 403, Code: "forbidden"})
	return all
}

var asJSON = []string{"Content-Type: application/json"}

// object is a JSON object of one string, spelled out in ASCII escapes.
func object(name, value string) []byte {
	var escaped strings.Builder
	for _, unit := range value {
		if unit >= ' ' && unit < 0x7f && unit != '"' && unit != '\\' {
			escaped.WriteRune(unit)
		} else {
			fmt.Fprintf(&escaped, `\u%04x`, unit)
		}
	}
	return []byte(`{"` + name + `": "` + escaped.String() + `"}`)
}

// bodies are not JSON objects of the API.
func bodies() []request {
	var all []request
	add := func(status int, code, field, name, body string, headers ...string) {
		if headers == nil {
			headers = asJSON
		}
		all = append(all, request{"body", name, "ada", "POST", "/files/upload-url", headers, []byte(body), status, code, field})
	}
	for name, body := range sorted(map[string]string{
		"nothing": "", "a space": " ", "a list": `[{"filename": "a"}]`, "a string": `"filename"`, "a number": "1", "null": "null", "half an object": `{"filename": "a"`, "two objects": `{"filename": "a"}{"filename": "b"}`,
		"a word behind": `{"filename": "a"} x`, "a NUL behind": "{\"filename\": \"a\"}\x00", "a byte order mark": "\ufeff{\"filename\": \"a\"}", "a comment": `{"filename": "a" /* b */}`, "a comma last": `{"filename": "a",}`,
		"single quotes": `{'filename': 'a'}`, "no quotes": `{filename: "a"}`, "bytes that aren't UTF-8": "{\"filename\": \"\xff\"}", "UTF-16": "{\x00\"\x00", "half a surrogate pair": `{"filename": "\ud800"}`, "a raw line break": "{\"filename\": \"a\nb\"}",
		"a form": "filename=a", "XML": "<filename>a</filename>", "lists nested deeply": strings.Repeat("[", 10_000), "NaN": `{"filename": "a", "size": NaN}`,
		"a hexadecimal number": `{"filename": "a", "size": 0x10}`, "a number with a zero in front": `{"filename": "a", "size": 010}`, "a number with a plus": `{"filename": "a", "size": +1}`,
	}) {
		add(400, "invalid", "", name, body)
	}
	add(415, "unsupported_media_type", "Content-Type", "no type", `{"filename": "a"}`, "X-Nothing: x")
	for name, mediaType := range sorted(map[string]string{"plain text": "text/plain", "a form's type": "application/x-www-form-urlencoded", "another charset": "application/json; charset=utf-16", "a suffix": "application/vnd.api+json", "two types": "application/json, text/plain", "no subtype": "application"}) {
		add(415, "unsupported_media_type", "Content-Type", name, `{"filename": "a"}`, "Content-Type: "+mediaType)
	}
	add(415, "unsupported_media_type", "Content-Encoding", "gzip", "\x1f\x8b\x08", "Content-Type: application/json", "Content-Encoding: gzip")
	return all
}

// fields contain values that the API refuses.
func fields() []request {
	var all []request
	add := func(field, name, body string) {
		all = append(all, request{"field", name, "ada", "POST", "/files/upload-url", asJSON, []byte(body), 400, "invalid", field})
	}
	add("tenantId", "another tenant", `{"filename": "a", "tenantId": "beta"}`)
	add("X-Tenant-ID", "another tenant by its header's name", `{"filename": "a", "X-Tenant-ID": "beta"}`)
	add("key", "a key", `{"filename": "a", "key": "beta/secret.txt"}`)
	add("__proto__", "a prototype", `{"filename": "a", "__proto__": {"role": "owner"}}`)
	add("Filename", "another case", `{"Filename": "a"}`)
	add("a", "an object nested deeply", strings.Repeat(`{"a":`, 1000)+"1"+strings.Repeat("}", 1000))
	add("filename", "a name twice", `{"filename": "a", "filename": "b"}`)
	add("filename", "a name twice, once escaped", `{"filename": "a", "\u0066ilename": "b"}`)
	add("filename", "a number for a name", `{"filename": 1}`)
	add("filename", "a list for a name", `{"filename": ["a"]}`)
	add("filename", "an object for a name", `{"filename": {"$ne": null}}`)
	add("size", "a string for a size", `{"filename": "a", "size": "5"}`)
	add("size", "a negative size", `{"filename": "a", "size": -1}`)
	add("size", "a fraction", `{"filename": "a", "size": 1.5}`)
	add("size", "an exponent", `{"filename": "a", "size": 1e400}`)
	add("size", "over an int64", `{"filename": "a", "size": 9223372036854775808}`)
	add("size", "more than is taken", `{"filename": "a", "size": 9223372036854775807}`)
	add("contentType", "a line break in a type", `{"filename": "a", "contentType": "text/plain\r\nx: y"}`)
	add("contentType", "no type", `{"filename": "a", "contentType": "nonsense"}`)
	add("sha256", "a short checksum", `{"filename": "a", "sha256": "abcd"}`)
	add("sha256", "a checksum that isn't hexadecimal", `{"filename": "a", "sha256": "`+strings.Repeat("g", 64)+`"}`)
	add("ifAbsent", "a string for a condition", `{"filename": "a", "ifAbsent": "true"}`)
	return all
}

// headers contain valid and invalid credentials.
func headers() []request {
	var all []request
	add := func(status int, code, field, name, as string, headers ...string) {
		all = append(all, request{Group: "header", Name: name, As: as, Method: "GET", Target: "/files/download-url?filename=a", Headers: headers, Status: status, Code: code, Field: field})
	}
	for name, value := range sorted(map[string]string{
		"no scheme": "x.y.z", "Basic": "Basic " + base64.StdEncoding.EncodeToString([]byte("ada:secret")), "Digest": `Digest username="ada"`, "Negotiate": "Negotiate YII=", "a tenant for a scheme": "acme", "nothing": "",
	}) {
		add(401, "unauthenticated", "", name, "", "Authorization: "+value)
	}
	for name, value := range sorted(map[string]string{
		"an empty token": "Bearer", "a space for a token": "Bearer  ", "a word": "Bearer acme", "null": "Bearer null", "undefined": "Bearer undefined", "braces": "Bearer {}", "quotes": `Bearer "x.y.z"`, "a SQL statement": "Bearer ' OR 1=1 --",
		"dots": "Bearer ..", "alg none": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", "a list": "Bearer a.b.c, Bearer d.e.f", "a parameter": "Bearer token=a.b.c", "full width": "Bearer ｘ.ｙ.ｚ", "seventeen kilobytes": "Bearer " + strings.Repeat("a", 17<<10),
	}) {
		add(401, "invalid_token", "", name, "", "Authorization: "+value)
	}
	add(400, "invalid", "Authorization", "two tokens", "ada", "Authorization: Bearer x.y.z")
	add(401, "unauthenticated", "", "a cookie", "", "Cookie: token=x; Authorization=Bearer x")
	add(401, "unauthenticated", "", "a proxy's credentials", "", "Proxy-Authorization: Bearer x.y.z")
	add(401, "unauthenticated", "", "who a proxy says it is", "", "X-Forwarded-User: ada", "X-Remote-User: ada", "X-User-ID: ada", "X-Amzn-Oidc-Identity: ada")
	return all
}
