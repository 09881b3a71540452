package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

func TestABody(t *testing.T) {
	h := open(t)
	const path = "/auth/resend-code"
	const tooLong = 1<<20 + 1

	t.Run("is named as JSON", func(t *testing.T) {
		for _, good := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", `application/json; charset="utf-8"`} {
			h.post(t, path, adaAlone, "Content-Type: "+good).is(t, 202)
		}
		for _, bad := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/problem+json", "application/json;;=", "application/json, application/json"} {
			h.post(t, path, adaAlone, "Content-Type: "+bad).isProblem(t, 415, "unsupported_media_type", "Content-Type")
		}
	})
	t.Run("is refused if it is compressed", func(t *testing.T) {
		h.post(t, path, adaAlone, "Content-Encoding: gzip").isProblem(t, 415, "unsupported_media_type", "Content-Encoding")
		h.post(t, path, adaAlone, "Content-Encoding: identity").is(t, 202)
	})
	t.Run("is there", func(t *testing.T) {
		h.post(t, path, "", "Content-Type: application/json").isProblem(t, 400, "invalid", "")
	})
	t.Run("has at most 1 MiB", func(t *testing.T) {
		full := `{"email": "ada@acme.example"` + strings.Repeat(" ", 1<<20-len(adaAlone)) + "}"
		h.post(t, path, full).is(t, 202)
		h.post(t, path, full+" ").isProblem(t, 413, "too_large", "")
	})
	t.Run("has at most 1 MiB, also without a declared length", func(t *testing.T) {
		answer := raw(t, h.addr, "POST "+path+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"+
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", tooLong, strings.Repeat(" ", tooLong)))
		if !strings.HasPrefix(answer, "HTTP/1.1 413 ") {
			t.Errorf("got %.80q", answer)
		}
	})
	t.Run("is one strict JSON object", func(t *testing.T) {
		for _, test := range []struct{ what, body, field string }{
			{"a list", `["ada@acme.example"]`, ""},
			{"a text", `"ada@acme.example"`, ""},
			{"null", `null`, ""},
			{"two objects", adaAlone + adaAlone, ""},
			{"an object and a comma", adaAlone + ",", ""},
			{"half an object", `{"email": "ada@acme.example"`, ""},
			{"bytes that are not UTF-8", "{\"email\": \"\xff@acme.example\"}", ""},
			{"with a byte order mark", "\ufeff" + adaAlone, ""},
			{"a comment", adaAlone + "// ada", ""},
			{"an unknown field", `{"email": "ada@acme.example", "admin": true}`, "admin"},
			{"a field twice", `{"email": "ada@acme.example", "email": "bob@acme.example"}`, "email"},
			{"a field twice, escaped", `{"email": "ada@acme.example", "\u0065mail": "bob@acme.example"}`, "email"},
			{"a wrong type", `{"email": true}`, "email"},
			{"a lone surrogate", `{"email": "\ud800@acme.example"}`, ""},
			{"JSON without a bottom", `{"email": ` + strings.Repeat("[", 100_000), "email"},
			{"an unknown field without a bottom", `{"x": ` + strings.Repeat(`{"x":`, 100_000), "x"},
		} {
			t.Run("not "+test.what, func(t *testing.T) {
				got := h.post(t, path, test.body).is(t, 400)
				got.isProblem(t, 400, "invalid", got.field(t, "field"))
				if test.field != "" && got.field(t, "field") != test.field {
					t.Errorf("the field is %q, not %q", got.field(t, "field"), test.field)
				}
			})
		}
	})
	t.Run("is not quoted when it is refused", func(t *testing.T) {
		for _, body := range []string{`{"email": "a@b.example", "password": hunter2}`, `{"email": "a@b.example", "password": "hunter2"`, `{"password": "hunter2", "password": "hunter2"}`} {
			if got := h.post(t, "/auth/signin", body); strings.Contains(got.body, "hunter2") {
				t.Errorf("got %s", got.body)
			}
		}
	})
}

func TestARequestID(t *testing.T) {
	h := open(t)

	t.Run("of the caller is kept", func(t *testing.T) {
		for _, id := range []string{"a", "A-z.0_9", strings.Repeat("x", 64)} {
			if got := h.get(t, "/healthz", "X-Request-ID: "+id).header.Get("X-Request-ID"); got != id {
				t.Errorf("%q became %q", id, got)
			}
		}
	})
	t.Run("is created if the caller's is not valid", func(t *testing.T) {
		seen := map[string]bool{}
		for _, id := range []string{"", "a b", "ä", "a/b", `"`, strings.Repeat("x", 65)} {
			got := h.get(t, "/healthz", "X-Request-ID: "+id).header.Get("X-Request-ID")
			if got == id || len(got) < 16 || seen[got] {
				t.Errorf("%q became %q", id, got)
			}
			seen[got] = true
		}
	})
	t.Run("is on every answer", func(t *testing.T) {
		for _, req := range [][2]string{{"GET", "/"}, {"GET", "/nowhere"}, {"DELETE", "/healthz"}, {"OPTIONS", "/healthz"}, {"GET", "/local/objects/x"}, {"POST", "/auth/signin"}, {"POST", "/files/upload-url"}} {
			if h.send(t, req[0], req[1], "").header.Get("X-Request-ID") == "" {
				t.Errorf("%s %s has none", req[0], req[1])
			}
		}
	})
}

func TestPathsAndMethods(t *testing.T) {
	h := open(t)
	ada := h.signIn(t, "ada@acme.example")

	t.Run("an unknown path is a 404 problem", func(t *testing.T) {
		for _, path := range []string{"/nowhere", "/auth", "/auth/", "/auth/signin/", "/AUTH/SIGNIN", "//auth/signin", "/%61uth/signin", "/auth/../auth/me", "/local/jwks.json", "/admin", "/admin/tenants/", "/files/", "/auth/mfa/totp", "/metrics"} {
			h.get(t, path, ada).isProblem(t, 404, "not_found", "")
		}
	})
	t.Run("an unknown method is a 405 problem that lists the known ones", func(t *testing.T) {
		for _, test := range []struct{ method, path, allow string }{
			{"GET", "/auth/signin", "OPTIONS, POST"},
			{"DELETE", "/auth/me", "OPTIONS, GET, HEAD"},
			{"PUT", "/", "OPTIONS, GET, HEAD"},
			{"BREW", "/healthz", "OPTIONS, GET, HEAD"},
			{"POST", "/local/objects/acme/a", "OPTIONS, GET, HEAD, PUT"},
		} {
			got := h.send(t, test.method, test.path, "").isProblem(t, 405, "method_not_allowed", "")
			if got.header.Get("Allow") != test.allow {
				t.Errorf("%s %s allows %q", test.method, test.path, got.header.Get("Allow"))
			}
		}
	})
	t.Run("HEAD answers as GET does, without the body", func(t *testing.T) {
		h.tenant(t, "acme", "ada@acme.example")
		for _, path := range []string{"/", "/healthz", "/readyz", "/auth/me", "/files/download-url?filename=a", "/nowhere"} {
			get, head := h.get(t, path, ada, "X-Tenant-ID: acme"), h.send(t, "HEAD", path, "", ada, "X-Tenant-ID: acme")
			if head.status != get.status || head.body != "" || head.header.Get("Content-Type") != get.header.Get("Content-Type") || head.header.Get("Content-Length") == "" {
				t.Errorf("%s gives %d, HEAD %d %v", path, get.status, head.status, head.header)
			}
		}
	})
	t.Run("OPTIONS lists the methods", func(t *testing.T) {
		if got := h.send(t, "OPTIONS", "/auth/me", "").is(t, 204).header.Get("Allow"); got != "OPTIONS, GET, HEAD" {
			t.Errorf("Allow is %q", got)
		}
		h.send(t, "OPTIONS", "/nowhere", "").is(t, 404)
	})
	t.Run("headers that override the method are ignored", func(t *testing.T) {
		for _, header := range []string{"X-HTTP-Method-Override: POST", "X-HTTP-Method: POST", "X-Method-Override: POST"} {
			h.send(t, "GET", "/auth/signup", adaSignsUp, header).is(t, 405)
		}
		h.post(t, "/auth/signup?_method=GET", `{"email": "bob@acme.example", "password": "correct horse"}`, "X-HTTP-Method-Override: DELETE").is(t, 201)
	})
	t.Run("headers that rewrite the path are ignored", func(t *testing.T) {
		h.get(t, "/healthz", "X-Original-URL: /auth/me", "X-Rewrite-URL: /auth/me", "X-Forwarded-Prefix: /auth").is(t, 200)
	})
}

func TestEveryAnswerIsDataToBrowsers(t *testing.T) {
	h := open(t)
	for _, req := range [][2]string{{"GET", "/"}, {"GET", "/healthz"}, {"GET", "/readyz"}, {"GET", "/nowhere"}, {"DELETE", "/healthz"}, {"OPTIONS", "/healthz"}, {"GET", "/local/objects/x"}, {"POST", "/auth/signin"}, {"GET", "/docs"}, {"GET", "/openapi.json"}} {
		got := h.send(t, req[0], req[1], "").header
		if got.Get("X-Content-Type-Options") != "nosniff" || got.Get("Referrer-Policy") != "no-referrer" || got.Get("Strict-Transport-Security") != "" {
			t.Errorf("%v: %v", req, got)
		}
		own := req[1] == "/docs" || req[1] == "/openapi.json" || strings.HasPrefix(req[1], "/local/objects/")
		if policy := got["Content-Security-Policy"]; len(policy) != 1 || !strings.Contains(policy[0], "default-src 'none'") || (policy[0] == "default-src 'none'; frame-ancestors 'none'") == own {
			t.Errorf("%v: Content-Security-Policy is %q", req, policy)
		}
	}
}

func TestBehindTLSBrowsersAreAskedToUseNothingElse(t *testing.T) {
	for public, want := range map[string]string{"https://api.shop.example": "max-age=31536000", "http://api.shop.example": ""} {
		h := open(t, func(h *installation) { h.config.PublicURL = must(url.Parse(public)) })
		for _, path := range []string{"/healthz", "/nowhere", "/docs"} {
			if got := h.get(t, path).header.Get("Strict-Transport-Security"); got != want {
				t.Errorf("%s%s: Strict-Transport-Security is %q", public, path, got)
			}
		}
	}
}

func TestEveryAnswerDeclaresItsOriginPolicy(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/", "/healthz", "/readyz", "/auth/me", "/nowhere"} {
		got := h.get(t, path)
		if got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, got.header)
		}
		if len(got.header["Set-Cookie"]) != 0 || got.header.Get("Server") != "" {
			t.Errorf("%s says more than it should: %v", path, got.header)
		}
	}
}

func TestBelowAPrefix(t *testing.T) {
	h := build(t)
	mux := http.NewServeMux()
	h.config.AllowOrigins = nil
	mux.Handle("/pw/", http.StripPrefix("/pw", newAPI(h)))
	h.serve(t, mux)
	h.tenant(t, "acme", "ada@acme.example")

	h.get(t, "/pw/", "X-Tenant-ID: acme").is(t, 200)
	h.post(t, "/pw/auth/signup", adaSignsUp[:len(adaSignsUp)-1]+`, "x": 1}`).isProblem(t, 400, "invalid", "x")
	h.get(t, "/pw/nowhere").isProblem(t, 404, "not_found", "")

	h.objects.Base.Path = "/pw/local/objects/"
	got := h.post(t, "/pw/files/upload-url", `{"filename": "a/b%20c"}`, h.signIn(t, "ada@acme.example")).is(t, 200)
	h.transfer(t, "PUT", got.field(t, "uploadUrl"), "{}", "hello").is(t, 200)
	key, err := domain.ParseObjectKey("acme/a/b%20c")
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := h.objects.Get(key); string(content) != "hello" {
		t.Errorf("the stored content is %q", content)
	}
}
