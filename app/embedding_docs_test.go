package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestTheChapterAboutAProductIsFromTheProduct(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(page), "\n## A whole product\n")
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	files, err := filepath.Glob("../testdata/invoices/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var product strings.Builder
	for _, name := range files {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		product.Write(file)
	}
	snippets := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme)+chapter, -1)
	if len(snippets) < 7 {
		t.Errorf("README.md and docs/embedding.md have only %d snippets of Go", len(snippets))
	}
	for _, snippet := range snippets {
		if !strings.Contains(product.String(), snippet[1]) {
			t.Errorf("testdata/invoices lacks this:\n%s", snippet[1])
		}
	}
}

func TestWhatComesAlongIsListed(t *testing.T) {
	page, err := os.ReadFile("../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(out))
	if len(modules) < 10 {
		t.Fatalf("app needs only %v", modules)
	}
	for _, module := range modules {
		short := strings.TrimPrefix(module, "github.com/")
		switch {
		case strings.HasPrefix(short, "aws/aws-sdk-go-v2"), strings.HasPrefix(short, "partywall-go/"): // listed as one; ours
		case strings.HasPrefix(short, "lestrrat-go/"):
			short = strings.TrimPrefix(short, "lestrrat-go/")
			fallthrough
		default:
			if !strings.Contains(string(page), short) {
				t.Errorf("docs/embedding.md does not list %s", module)
			}
		}
	}
}
