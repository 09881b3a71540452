package app_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/domain"
)

// houseMap returns the folders of the map in CONTRIBUTING.md. The one that starts with
// "*/" is below any other.
func houseMap(t *testing.T) (folders []string) {
	t.Helper()
	page := string(domain.Must(os.ReadFile("../CONTRIBUTING.md")))
	_, page, _ = strings.Cut(page, "## The house\n\n```\n")
	tree, _, found := strings.Cut(page, "```")
	if !found {
		t.Fatal("CONTRIBUTING.md has no map")
	}
	var above []string // the folders that a line is inside of
	for line := range strings.Lines(tree) {
		name := strings.TrimLeft(line, " ")
		depth := (len(line) - len(name)) / 2
		name = strings.TrimSuffix(strings.Fields(name)[0], "/")
		if depth > len(above) {
			t.Fatalf("the line is too far to the right: %s", line)
		}
		above = append(above[:depth], name)
		if strings.HasPrefix(name, "*/") {
			folders = append(folders, name)
			continue
		}
		folders = append(folders, path.Join(above...))
	}
	return folders
}

func TestTheMapHasEachPackage(t *testing.T) {
	folders := houseMap(t)
	for _, p := range listPackages(t) {
		folder := strings.TrimPrefix(p.ImportPath, module)
		if !slices.Contains(folders, folder) && !slices.Contains(folders, "*/"+path.Base(folder)) {
			t.Errorf("the map in CONTRIBUTING.md lacks %s", folder)
		}
	}
}

func TestTheMapHasNoOtherFolder(t *testing.T) {
	for _, folder := range houseMap(t) {
		if folder, everywhere := strings.CutPrefix(folder, "*/"); everywhere {
			if found, err := filepath.Glob("../adapters/*/" + folder); err != nil || len(found) == 0 {
				t.Errorf("the map in CONTRIBUTING.md has %s, which no folder of adapters has", folder)
			}
			continue
		}
		if info, err := os.Stat("../" + folder); err != nil || !info.IsDir() {
			t.Errorf("the map in CONTRIBUTING.md has %s, which is no folder", folder)
		}
	}
}

// TestTheDocsNameWhatExists looks for each file and folder that a page links to or
// names. A pattern names at least one.
func TestTheDocsNameWhatExists(t *testing.T) {
	pages := append(domain.Must(filepath.Glob("../*.md")), domain.Must(filepath.Glob("../docs/*.md"))...)
	link := regexp.MustCompile(`\]\(([^)#: ]+)(?:#[^)]*)?\)`)
	name := regexp.MustCompile("`((?:adapters|app|cmd|docs|domain|ports|testdata)/[^ `{}<>]*)`")
	named := 0
	for _, page := range pages {
		if filepath.Base(page) == "CHANGELOG.md" { // it names what was
			continue
		}
		content := string(domain.Must(os.ReadFile(page)))
		exists := func(base, target string) {
			named++
			if found, err := filepath.Glob(filepath.Join(base, target)); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which does not exist", filepath.Base(page), target)
			}
		}
		for _, match := range link.FindAllStringSubmatch(content, -1) {
			exists(filepath.Dir(page), match[1])
		}
		for _, match := range name.FindAllStringSubmatch(content, -1) {
			exists("..", match[1])
		}
	}
	if named < 50 {
		t.Errorf("only %d names were found", named)
	}
}

// TestTheStepsNameIdentifiersThatExist looks for each identifier of Go in mixed case that
// CONTRIBUTING.md names.
func TestTheStepsNameIdentifiersThatExist(t *testing.T) {
	words, word := map[string]bool{}, regexp.MustCompile(`\w+`)
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		source, err := os.ReadFile("../" + path)
		for _, found := range word.FindAllString(string(source), -1) {
			words[found] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([A-Za-z]+[a-z][A-Z][A-Za-z]*)`").FindAllStringSubmatch(string(domain.Must(os.ReadFile("../CONTRIBUTING.md"))), -1)
	for _, match := range named {
		if !words[match[1]] {
			t.Errorf("CONTRIBUTING.md names %s, which the source does not have", match[1])
		}
	}
	if len(named) < 15 {
		t.Errorf("only %d identifiers were found", len(named))
	}
}
