package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is made of openapi.yaml")

func TestWhatIsMadeOfTheDocument(t *testing.T) {
	for name, made := range map[string][]byte{"openapi.json": documentJSON(), "../../docs/api.md": reference()} {
		if *update {
			if err := os.WriteFile(name, made, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if found := must(os.ReadFile(name)); !bytes.Equal(found, made) {
			t.Errorf(`%s isn't what openapi.yaml makes: run "go generate ./adapters/httpapi"`, name)
		}
	}
}

func TestTheDescriptionNamesTheInstallation(t *testing.T) {
	for public, want := range map[string]string{
		"":                             "http://localhost:3000",
		"https://api.shop.example/pw/": "https://api.shop.example/pw",
	} {
		h := open(t, func(h *installation) {
			if public != "" {
				h.config.PublicURL = must(url.Parse(public))
			}
		})
		var description struct{ Servers []struct{ URL string } }
		if err := json.Unmarshal([]byte(h.get(t, "/openapi.json").is(t, 200).body), &description); err != nil {
			t.Fatal(err)
		}
		if len(description.Servers) != 1 || description.Servers[0].URL != want {
			t.Errorf("with %q the servers are %v", public, description.Servers)
		}
	}
}

func TestThePageIsSelfContained(t *testing.T) {
	h := open(t)
	files := must(filepath.Glob("docs/*"))
	for _, path := range files {
		content := string(must(os.ReadFile(path)))
		if path != "docs/page.html" {
			h.get(t, "/"+path).is(t, 200)
		}
		for _, address := range regexp.MustCompile(`https?://[^"'\s]+`).FindAllString(content, -1) {
			if address != "http://www.w3.org/2000/svg" { // a name, which is never fetched
				t.Errorf("%s names another server: %s", path, address)
			}
		}
		if inline := regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son\w+=|innerHTML|eval\(`).FindString(content); inline != "" {
			t.Errorf("%s has %q, which the policy forbids or which could be made to run", path, inline)
		}
	}
	page := h.get(t, "/docs").is(t, 200)
	for _, link := range regexp.MustCompile(`(?:href|src)="([^"#]+)"`).FindAllStringSubmatch(page.body, -1) {
		if strings.HasPrefix(link[1], "/") {
			t.Errorf("%s doesn't work below a prefix", link[1])
		}
		h.get(t, "/"+link[1]).is(t, 200)
	}
	for _, directive := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'"} {
		if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, directive) || strings.Contains(policy, "unsafe") {
			t.Errorf("the policy is %q", policy)
		}
	}
	h.get(t, "/docs/page.html").isProblem(t, 404, "not_found", "")
	h.get(t, "/docs/..%2fopenapi.json").isProblem(t, 404, "not_found", "")
}

func TestAFileOfTheDocumentationIsSentOnce(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/openapi.json", "/docs", "/docs/page.js"} {
		first := h.get(t, path).is(t, 200)
		etag := first.header.Get("ETag")
		for _, known := range []string{etag, "W/" + etag, `"x", ` + etag} {
			if got := h.get(t, path, "If-None-Match: "+known).is(t, 304); got.body != "" || got.header.Get("ETag") != etag {
				t.Errorf("%s: got %q, %v", path, got.body, got.header)
			}
		}
		h.get(t, path, `If-None-Match: "x"`).is(t, 200)
		if head := h.send(t, http.MethodHead, path, "").is(t, 200); head.body != "" || head.header.Get("Content-Length") != first.header.Get("Content-Length") {
			t.Errorf("HEAD %s: %v", path, head.header)
		}
	}
}

func TestTheDocumentationCanBeHidden(t *testing.T) {
	h := open(t, func(h *installation) { h.config.HideDocs = true })
	for _, path := range []string{"/openapi.json", "/docs", "/docs/page.js"} {
		h.get(t, path).isProblem(t, 404, "not_found", "")
	}
}
