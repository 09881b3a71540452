package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// commandOfOurs matches a command under the stock program's name. Operators of a product
// do not have that program, and it would run without the product's hooks.
var commandOfOurs = regexp.MustCompile(`\bpartywall (serve|setup|migrate|smoke|doctor|tenants|members|invitations|events|config|version)\b`)

// TestNoMessageNamesTheStockProgramsCommands reads the source. A command that operators
// are advised to run must have the name of their own program.
func TestNoMessageNamesTheStockProgramsCommands(t *testing.T) {
	read := 0
	for _, tree := range []string{"../adapters", ".", "../domain", "../ports"} {
		err := fs.WalkDir(os.DirFS(tree), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			read++
			name := filepath.Join(tree, path)
			if name == "../adapters/postgres/internal/pg/program.go" {
				return nil // it is where the name is chosen
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, name, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && commandOfOurs.MatchString(text.Value) {
					t.Errorf("%s names a command of the stock program: %s", set.Position(n.Pos()), text.Value)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if read < 150 {
		t.Errorf("only %d files were read: the test reads the wrong folder", read)
	}
}
