package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
)

// filePage is the answer of GET /files.
type filePage struct {
	Items []struct {
		Filename    string    `json:"filename"`
		Size        int64     `json:"size"`
		ContentType string    `json:"contentType"`
		ModifiedAt  time.Time `json:"modifiedAt"`
	} `json:"items"`
	NextCursor string `json:"nextCursor"`
}

func (p filePage) names() []string {
	names := make([]string, len(p.Items))
	for i, item := range p.Items {
		names[i] = item.Filename
	}
	return names
}

// files returns the page that the request gets.
func (h *installation) files(t *testing.T, query string, headers ...string) (page filePage) {
	t.Helper()
	got := h.get(t, "/files"+query, headers...).is(t, 200)
	if err := json.Unmarshal([]byte(got.body), &page); err != nil {
		t.Fatal(err)
	}
	return page
}

// allFiles returns the names on all pages of so many files.
func (h *installation) allFiles(t *testing.T, limit int, query string, headers ...string) (names []string) {
	t.Helper()
	for cursor := ""; ; {
		page := h.files(t, fmt.Sprintf("?limit=%d&cursor=%s%s", limit, cursor, query), headers...)
		if len(page.Items) > limit {
			t.Fatalf("a page of %d has %d files", limit, len(page.Items))
		}
		names = append(names, page.names()...)
		if cursor = page.NextCursor; cursor == "" {
			return names
		}
	}
}

// openWithFiles opens an installation in which the tenants acme, of ada, and acme-2, of
// bob, have the files.
func openWithFiles(t *testing.T, names ...string) (h *installation, ada, bob string) {
	t.Helper()
	h = open(t)
	for id, owner := range map[string]string{"acme": "ada@acme.example", "acme-2": "bob@acme.example"} {
		tenant := h.tenant(t, id, owner)
		for _, name := range names {
			h.objects.Put(domain.Must(domain.NewObjectKey(tenant, name)), "text/plain", []byte(id))
		}
	}
	return h, h.signIn(t, "ada@acme.example"), h.signIn(t, "bob@acme.example")
}

func TestFilesAreListed(t *testing.T) {
	names := []string{" a b ", "%2e%2e/a", "..a", "100%.txt", "a&b=c#d?e", "a+b", "a/1", "a/b/2", "ab", "caf\u00e9", "\u202egpj.exe", "日本語/ファイル.txt", "🥐.png"}
	h, ada, _ := openWithFiles(t, names...)
	slices.Sort(names)

	t.Run("by their names, page after page, and no other tenant's", func(t *testing.T) {
		for _, limit := range []int{1, 2, len(names) - 1, len(names), 200} {
			if got := h.allFiles(t, limit, "", ada); !slices.Equal(got, names) {
				t.Errorf("pages of %d list %q, want %q", limit, got, names)
			}
		}
	})
	t.Run("with size, type and time", func(t *testing.T) {
		got := h.files(t, "?prefix=ab", ada).Items
		if len(got) != 1 || got[0].Size != 4 || got[0].ContentType != "text/plain" || !got[0].ModifiedAt.Equal(h.clock.Now().Truncate(time.Microsecond)) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("by a prefix", func(t *testing.T) {
		for prefix, want := range map[string][]string{
			"a/": {"a/1", "a/b/2"}, "a/b": {"a/b/2"}, "cafe\u0301": {"caf\u00e9"}, "日本語/": {"日本語/ファイル.txt"}, "%2e": {"%2e%2e/a"},
			"A": {}, "*": {}, "acme/": {}, "acme-2/a": {}, "a/1/": {},
		} {
			if got := h.allFiles(t, 1, "&prefix="+url.QueryEscape(prefix), ada); !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Errorf("%q lists %q, want %q", prefix, got, want)
			}
		}
	})
	t.Run("an empty list has items", func(t *testing.T) {
		if got := h.get(t, "/files?prefix=nothing", ada).is(t, 200).body; strings.TrimSpace(got) != `{"items":[]}` {
			t.Errorf("got %s", got)
		}
	})
	t.Run("from a file that was deleted", func(t *testing.T) {
		after := base64.RawURLEncoding.EncodeToString([]byte("aa"))
		if got := h.files(t, "?limit=1&cursor="+after, ada).names(); !slices.Equal(got, []string{"ab"}) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("and not for", func(t *testing.T) {
		cursor := func(text string) string {
			return "cursor=" + base64.RawURLEncoding.EncodeToString([]byte(text))
		}
		for _, test := range []struct{ what, query, field string }{
			{"a prefix of another tenant", "prefix=..%2Facme-2%2F", "prefix"},
			{"a prefix that goes up", "prefix=a/../", "prefix"},
			{"an absolute prefix", "prefix=/", "prefix"},
			{"an empty segment", "prefix=a//", "prefix"},
			{"a backslash", `prefix=..%5Cacme-2`, "prefix"},
			{"a NUL", "prefix=a%00", "prefix"},
			{"bytes that are not UTF-8", "prefix=%ff", "prefix"},
			{"an endless prefix", "prefix=" + strings.Repeat("a", 2000), "prefix"},
			{"two prefixes", "prefix=a&prefix=b", "prefix"},
			{"an unknown parameter", "delimiter=/", "delimiter"},
			{"no files", "limit=0", "limit"},
			{"too many files", "limit=201", "limit"},
			{"a cursor that is none", "cursor=%21", "cursor"},
			{"a cursor that goes up", cursor("../acme-2/a"), "cursor"},
			{"a cursor with a NUL", cursor("a\x00"), "cursor"},
			{"a cursor that is not UTF-8", cursor("\xff"), "cursor"},
			{"a broken escape", "prefix=%zz", ""},
		} {
			t.Run(test.what, func(t *testing.T) { h.get(t, "/files?"+test.query, ada).isProblem(t, 400, "invalid", test.field) })
		}
	})
	t.Run("and not for a caller who is no member", func(t *testing.T) {
		h.get(t, "/files").isProblem(t, 401, "unauthenticated", "")
		h.get(t, "/files", ada, "X-Tenant-ID: acme-2").isProblem(t, 404, domain.CodeTenantNotFound, "")
		h.get(t, "/files", h.signIn(t, "eve@acme.example")).isProblem(t, 400, domain.CodeTenantRequired, "X-Tenant-ID")
	})
	t.Run("and not while the store is unavailable", func(t *testing.T) {
		h.objects.Break()
		defer h.objects.Restore()
		h.get(t, "/files", ada).isProblem(t, 503, domain.CodeObjectStoreUnavailable, "")
	})
}

func TestAFileIsDeleted(t *testing.T) {
	names := []string{"a", "a/b", "%2e%2e/a", "a+b&c=d#e?.txt", "caf\u00e9", "日本語/ファイル.txt"}
	h, ada, bob := openWithFiles(t, names...)
	slices.Sort(names)
	acme := parse(t, domain.ParseTenantID, "acme")
	remove := func(t *testing.T, name string, headers ...string) answer {
		t.Helper()
		return h.send(t, "DELETE", "/files?filename="+url.QueryEscape(name), "", headers...)
	}

	t.Run("not by a viewer, who lists files", func(t *testing.T) {
		h.join(t, acme, "vic@acme.example", domain.RoleViewer)
		vic := h.signIn(t, "vic@acme.example")
		remove(t, "a", vic).isProblem(t, 403, "forbidden", "")
		if got := h.files(t, "", vic).names(); !slices.Equal(got, names) {
			t.Errorf("a viewer lists %q", got)
		}
	})
	t.Run("not under a name that leaves the tenant or is none", func(t *testing.T) {
		for _, name := range []string{"", "/a", "../acme-2/a", "a/../../acme-2/a", `..\acme-2\a`, "a//b", "a/", ".", "a\x00", "\xff", strings.Repeat("a", 1100)} {
			remove(t, name, ada).isProblem(t, 400, "invalid", "filename")
		}
		h.send(t, "DELETE", "/files?filename=a&filename=b", "", ada).isProblem(t, 400, "invalid", "filename")
		h.send(t, "DELETE", "/files", "", ada).isProblem(t, 400, "invalid", "filename")
		h.send(t, "DELETE", "/files?filename=a&prefix=b", "", ada).isProblem(t, 400, "invalid", "prefix")
		h.send(t, "DELETE", "/files?filename=a", `{"filename": "a/b"}`, ada).isProblem(t, 400, "invalid", "filename")
	})
	t.Run("not by a caller who is no member", func(t *testing.T) {
		remove(t, "a").isProblem(t, 401, "unauthenticated", "")
		remove(t, "a", ada, "X-Tenant-ID: acme-2").isProblem(t, 404, domain.CodeTenantNotFound, "")
	})
	t.Run("not while the store is unavailable", func(t *testing.T) {
		h.objects.Break()
		defer h.objects.Restore()
		remove(t, "a", ada).isProblem(t, 503, domain.CodeObjectStoreUnavailable, "")
	})
	t.Run("once, whatever its name, and alone", func(t *testing.T) {
		if got := h.allFiles(t, 200, "", ada); !slices.Equal(got, names) {
			t.Fatalf("before: %q", got)
		}
		for i, name := range names {
			remove(t, strings.Replace(name, "\u00e9", "e\u0301", 1), ada).is(t, 204)
			remove(t, name, ada).isProblem(t, 404, domain.CodeFileNotFound, "filename")
			if got := h.allFiles(t, 200, "", ada); !slices.Equal(got, names[i+1:]) {
				t.Errorf("without %q: %q, want %q", name, got, names[i+1:])
			}
			signed := h.get(t, "/files/download-url?filename="+url.QueryEscape(name), ada).is(t, 200).field(t, "downloadUrl")
			h.transfer(t, "GET", signed, "{}", "").is(t, 404)
		}
		if got := h.allFiles(t, 200, "", bob); !slices.Equal(got, names) {
			t.Errorf("the other tenant has %q", got)
		}
	})
	t.Run("and uploaded again", func(t *testing.T) {
		h.put(t, ada, `{"filename": "a"}`, "again").is(t, 200)
		if got := h.files(t, "", ada).names(); !slices.Equal(got, []string{"a"}) {
			t.Errorf("there is %q", got)
		}
	})
}
