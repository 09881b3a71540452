package httpapi_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

func TestAnUpload(t *testing.T) {
	h := open(t)
	h.tenant(t, "acme", "ada@acme.example")
	ada := h.signIn(t, "ada@acme.example")
	upload := func(t *testing.T, body string) answer { return h.post(t, "/files/upload-url", body, ada) }

	t.Run("of a name alone accepts a plain PUT", func(t *testing.T) {
		got := upload(t, `{"filename": "a.bin"}`).is(t, 200)
		if got.field(t, "method") != "PUT" || got.field(t, "headers") != "{}" || got.field(t, "key") != "acme/a.bin" {
			t.Fatalf("got %s", got.body)
		}
		expires, err := time.Parse(time.RFC3339Nano, got.field(t, "expiresAt"))
		if left := expires.Sub(h.clock.Now()); err != nil || left > 15*time.Minute || left < 14*time.Minute || expires.Location() != time.UTC {
			t.Errorf("it lives for %s", left)
		}
		h.transfer(t, "PUT", got.field(t, "uploadUrl"), "{}", "anything").is(t, 200)
	})
	t.Run("accepts only what was signed", func(t *testing.T) {
		sum := "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
		got := upload(t, fmt.Sprintf(`{"filename": "b.txt", "size": 5, "contentType": "text/plain", "sha256": %q, "ifAbsent": true}`, sum)).is(t, 200)
		put := func(content string) answer {
			return h.transfer(t, "PUT", got.field(t, "uploadUrl"), got.field(t, "headers"), content)
		}
		put("jello").is(t, 400)
		put("hello").is(t, 200)
		put("hello").is(t, 412)
	})
	t.Run("of size 0 is of size 0", func(t *testing.T) {
		got := upload(t, `{"filename": "empty", "size": 0}`).is(t, 200)
		h.transfer(t, "PUT", got.field(t, "uploadUrl"), `{}`, "x").is(t, 400)
		h.transfer(t, "PUT", got.field(t, "uploadUrl"), `{}`, "").is(t, 200)
	})
	t.Run("has its name in NFC", func(t *testing.T) {
		if got := upload(t, `{"filename": "cafe\u0301"}`).is(t, 200).field(t, "key"); got != "acme/café" {
			t.Errorf("the key is %q", got)
		}
	})
	t.Run("is refused for", func(t *testing.T) {
		for _, test := range []struct{ what, body, field string }{
			{"no name", `{}`, "filename"},
			{"an empty name", `{"filename": ""}`, "filename"},
			{"an absolute name", `{"filename": "/etc/passwd"}`, "filename"},
			{"a way out", `{"filename": "../beta/a"}`, "filename"},
			{"a way out in the middle", `{"filename": "a/../../beta/a"}`, "filename"},
			{"a dot", `{"filename": "a/./b"}`, "filename"},
			{"an empty segment", `{"filename": "a//b"}`, "filename"},
			{"a slash at the end", `{"filename": "a/"}`, "filename"},
			{"a backslash", `{"filename": "..\\beta"}`, "filename"},
			{"a NUL", `{"filename": "a\u0000b"}`, "filename"},
			{"a line break", `{"filename": "a\r\nX-Evil: 1"}`, "filename"},
			{"an endless name", `{"filename": "` + strings.Repeat("a", 10<<10) + `"}`, "filename"},
			{"a name that is a list", `{"filename": ["a"]}`, "filename"},
			{"a negative size", `{"filename": "a", "size": -1}`, "size"},
			{"a size that is a fraction", `{"filename": "a", "size": 1.5}`, "size"},
			{"a size that is null", `{"filename": "a", "size": null}`, "size"},
			{"a size in text", `{"filename": "a", "size": "5"}`, "size"},
			{"a size beyond all numbers", `{"filename": "a", "size": 99999999999999999999}`, "size"},
			{"a size above the limit", `{"filename": "a", "size": 1073741825}`, "size"},
			{"a type that is none", `{"filename": "a", "contentType": "text"}`, "contentType"},
			{"a type with a line break", `{"filename": "a", "contentType": "text/plain\r\nX-Evil: 1"}`, "contentType"},
			{"a checksum that is none", `{"filename": "a", "sha256": "abc"}`, "sha256"},
			{"a tenant in the body", `{"filename": "a", "tenantId": "beta"}`, "tenantId"},
			{"a key in the body", `{"filename": "a", "key": "beta/a"}`, "key"},
			{"a name in other letters", `{"Filename": "a"}`, "Filename"},
			{"two names", `{"filename": "a", "filename": "b"}`, "filename"},
		} {
			t.Run(test.what, func(t *testing.T) { upload(t, test.body).isProblem(t, 400, "invalid", test.field) })
		}
	})
	t.Run("needs its size where sizes are required", func(t *testing.T) {
		h := open(t, func(h *installation) { h.config.Files.RequireSize = true })
		h.tenant(t, "acme", "ada@acme.example")
		h.post(t, "/files/upload-url", `{"filename": "a"}`, h.signIn(t, "ada@acme.example")).isProblem(t, 400, "invalid", "size")
	})
	t.Run("is refused to a viewer", func(t *testing.T) {
		h.join(t, parse(t, domain.ParseTenantID, "acme"), "vera@acme.example", domain.RoleViewer)
		vera := h.signIn(t, "vera@acme.example")
		h.post(t, "/files/upload-url", `{"filename": "a"}`, vera).isProblem(t, 403, "forbidden", "")
		h.get(t, "/files/download-url?filename=a", vera).is(t, 200)
	})
	t.Run("is 503 while the store is unavailable", func(t *testing.T) {
		h.objects.Break()
		defer h.objects.Restore()
		upload(t, `{"filename": "a"}`).isProblem(t, 503, domain.CodeObjectStoreUnavailable, "")
	})
}

func TestADownload(t *testing.T) {
	h := open(t)
	id := h.tenant(t, "acme", "ada@acme.example")
	ada := h.signIn(t, "ada@acme.example")
	for _, name := range []string{"page.html", "picture.png", "a+b&c=d#e?.txt", "日本語.pdf"} {
		key, err := domain.NewObjectKey(id, name)
		if err != nil {
			t.Fatal(err)
		}
		h.objects.Put(key, "text/html", []byte(name))
	}
	link := func(t *testing.T, query string) answer { return h.get(t, "/files/download-url?"+query, ada) }
	fetch := func(t *testing.T, query string) answer {
		return h.transfer(t, "GET", link(t, query).is(t, 200).field(t, "downloadUrl"), "{}", "").is(t, 200)
	}

	t.Run("is an attachment under its name, whatever the name", func(t *testing.T) {
		for _, name := range []string{"page.html", "a+b&c=d#e?.txt", "日本語.pdf"} {
			got := fetch(t, "filename="+url.QueryEscape(name))
			if got.body != name || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment; filename") || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s came as %q, %q", name, got.body, got.header.Get("Content-Disposition"))
			}
		}
	})
	t.Run("is shown inline if the type is harmless", func(t *testing.T) {
		got := fetch(t, "filename=picture.png&disposition=inline")
		if !strings.HasPrefix(got.header.Get("Content-Disposition"), "inline") || got.header.Get("Content-Type") != "image/png" {
			t.Errorf("got %v", got.header)
		}
		link(t, "filename=page.html&disposition=inline").isProblem(t, 400, "invalid", "disposition")
		link(t, "filename=page.html&disposition=sideways").isProblem(t, 400, "invalid", "disposition")
	})
	t.Run("in part is that part", func(t *testing.T) {
		signed := link(t, "filename=page.html").is(t, 200).field(t, "downloadUrl")
		got := h.transfer(t, "GET", signed, `{"Range": "bytes=5-8"}`, "").is(t, 206)
		if got.body != "html" {
			t.Errorf("got %q", got.body)
		}
	})
	t.Run("is refused for", func(t *testing.T) {
		for _, test := range []struct{ what, query, field string }{
			{"no name", "", "filename"},
			{"two names", "filename=a&filename=b", "filename"},
			{"two dispositions", "filename=a&disposition=inline&disposition=attachment", "disposition"},
			{"a way out", "filename=..%2Fbeta%2Fa", "filename"},
			{"a NUL", "filename=a%00", "filename"},
			{"bytes that are not UTF-8", "filename=%ff", "filename"},
			{"a broken escape", "filename=%zz", ""},
			{"a semicolon", "filename=a;b", ""},
		} {
			t.Run(test.what, func(t *testing.T) { link(t, test.query).isProblem(t, 400, "invalid", test.field) })
		}
	})
	t.Run("of an absent file fails only when it is fetched", func(t *testing.T) {
		h.transfer(t, "GET", link(t, "filename=nothing").is(t, 200).field(t, "downloadUrl"), "{}", "").is(t, 404)
	})
	t.Run("has expired after 15 minutes", func(t *testing.T) {
		signed := link(t, "filename=page.html").is(t, 200).field(t, "downloadUrl")
		h.clock.pass(15 * time.Minute)
		h.transfer(t, "GET", signed, "{}", "").is(t, 403)
	})
}
