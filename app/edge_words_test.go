package app_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/app"
)

// TestTheDomainHasNoWordsOfAnEdge reads the source of the domain and of the ports, with
// its comments and messages. A header, a route or an environment variable has its name
// in the adapter that reads it, because a product reaches the same use case by Go.
func TestTheDomainHasNoWordsOfAnEdge(t *testing.T) {
	words, read := edgeWords(t), 0
	for _, root := range []string{"../domain", "../ports"} {
		err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(root + "/" + path)
			if err != nil {
				return err
			}
			read++
			for number, line := range strings.Split(string(source), "\n") {
				if word := words.FindString(line); word != "" {
					t.Errorf("%s/%s:%d: %s is a word of an edge", root, path, number+1, word)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read < 60 {
		t.Errorf("only %d files were read: the test reads the wrong folder", read)
	}
}

func TestWordsOfAnEdgeAreFound(t *testing.T) {
	words := edgeWords(t)
	for _, line := range []string{
		`domain.Invalidf("X-Tenant-ID", "name a tenant")`, "// sent as X-Request-ID", `Route: "POST /auth/tenants",`, "// GET / answers", "the Idempotency-Key header",
		"send the token as Authorization: Bearer", `"report the requestId"`, "a status of HTTP", `domain.Invalidf("TENANT_CREATION", "is one of")`, "// OPERATOR_TOKEN has 32 bytes", "behind DB_HOST",
	} {
		if words.FindString(line) == "" {
			t.Errorf("none is found in %s", line)
		}
	}
	for _, line := range []string{"package tenants", "// SignUpload signs a PUT to key.", "domain.CodeTenantExists", `"NEW_PASSWORD_REQUIRED"`, "// the Content-Type of the answer"} {
		if word := words.FindString(line); word != "" {
			t.Errorf("%s is found in %s", word, line)
		}
	}
}

// edgeWords matches our headers, routes, the request's ID, and the variables. What
// clients of a signed URL send is not among them: it is what an object store signs.
func edgeWords(t *testing.T) *regexp.Regexp {
	t.Helper()
	variables, err := app.Variables()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{`X-(Tenant-ID|Request-ID|Forwarded-For)`, `(GET|HEAD|POST|PUT|PATCH|DELETE) /`, `Idempotency-Key`, `Authorization`, `the requestId`, `HTTP`}
	for _, v := range variables {
		if strings.Contains(v.Name, "_") {
			words = append(words, v.Name)
		}
	}
	return regexp.MustCompile(`\b(` + strings.Join(words, "|") + `)`)
}
