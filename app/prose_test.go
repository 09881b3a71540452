package app_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// wording is a pattern that makes technical prose hard to read, and how often it
// may occur.
type wording struct {
	name    string
	pattern *regexp.Regexp
	limits  perThousand
}

// perThousand is how many matches 1,000 words may have, in each kind of prose.
type perThousand struct{ comments, markdown float64 }

// wordings are the patterns to avoid. A limit may only be lowered.
var wordings = []wording{
	{"an actor without a name", regexp.MustCompile(`(?i)\b(whoever|somebody|nobody|anybody)\b`), perThousand{0.3, 0.3}},
	{"tell", regexp.MustCompile(`(?i)\b(tells?|told)\b`), perThousand{0.3, 0.3}},
	{"code that knows, wants or hears", regexp.MustCompile(`(?i)\b(knows|wants|hears)\b`), perThousand{0.3, 0.3}},
	{"is there, is away, is gone", regexp.MustCompile(`(?i)\b(is there|is away|is gone|went away)\b`), perThousand{0.3, 0.3}},
	{"mend", regexp.MustCompile(`(?i)\bmend(s|ed|ing)?\b`), perThousand{0.3, 0.3}},
	{"a sentence that begins with Who", regexp.MustCompile(`(?m)(^|[.!?:]\s+)Who\b`), perThousand{0.3, 0.3}},
	{"try on", regexp.MustCompile(`(?i)\b(tries|trying) on\b`), perThousand{0.3, 0.3}},
}

func TestProseIsPlain(t *testing.T) {
	t.Parallel()
	comments, markdown := readProse(t, os.DirFS(".."))
	for _, w := range wordings {
		w.check(t, "the comments", comments, w.limits.comments)
		w.check(t, "the documents", markdown, w.limits.markdown)
	}
}

func (w wording) check(t *testing.T, where string, text []passage, limit float64) {
	t.Helper()
	words := 0
	var found []string
	for _, p := range text {
		words += len(strings.Fields(p.text))
		for _, at := range w.pattern.FindAllStringIndex(p.text, -1) {
			found = append(found, p.file+": ..."+excerpt(p.text, at)+"...")
		}
	}
	if words < 10_000 {
		t.Fatalf("%s have only %d words: the test reads the wrong folder", where, words)
	}
	if rate := float64(len(found)) * 1000 / float64(words); rate > limit {
		t.Errorf("%s have %.2f of %q in 1,000 words; at most %.2f are accepted:\n%s", where, rate, w.name, limit, strings.Join(found, "\n"))
	}
}

func TestWordingsAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Whoever holds the token owns it.":         "an actor without a name",
		"It tells the caller.":                     "tell",
		"The store knows the user.":                "code that knows, wants or hears",
		"The file is there.":                       "is there, is away, is gone",
		"How to mend it.":                          "mend",
		"It returns.\nThe rest. Who asks is told.": "a sentence that begins with Who",
		"The pool is busy; trying on.":             "try on",
	} {
		matched := false
		for _, w := range wordings {
			matched = matched || w.name == want && w.pattern.MatchString(text)
		}
		if !matched {
			t.Errorf("%q does not match %q", text, want)
		}
	}
}

// excerpt returns the match in text with some words around it.
func excerpt(text string, at []int) string {
	const around = 40
	part := text[max(0, at[0]-around):min(len(text), at[1]+around)]
	return strings.ToValidUTF8(strings.Join(strings.Fields(part), " "), "")
}

// passage is the prose of one file.
type passage struct{ file, text string }

// readProse returns the comments of all Go files and the text of all Markdown files,
// without CHANGELOG.md, which is history.
func readProse(t *testing.T, source fs.FS) (comments, markdown []passage) {
	t.Helper()
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || path == "CHANGELOG.md":
			return nil
		}
		switch filepath.Ext(path) {
		case ".go":
			text, err := commentsOf(source, path)
			comments = append(comments, passage{path, text})
			return err
		case ".md":
			text, err := fs.ReadFile(source, path)
			markdown = append(markdown, passage{path, string(text)})
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return comments, markdown
}

// commentsOf returns the comments of a Go file, a paragraph each.
func commentsOf(source fs.FS, path string) (string, error) {
	content, err := fs.ReadFile(source, path)
	if err != nil {
		return "", err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, group := range file.Comments {
		text.WriteString(group.Text() + "\n")
	}
	return text.String(), nil
}
