package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestErrorsAreBuiltByTheirConstructors fails on a literal of domain.Error outside of
// package domain, where one table contains the kind, field and text of each code.
func TestErrorsAreBuiltByTheirConstructors(t *testing.T) {
	parsed := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		parsed++
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if name, ok := literal.Type.(*ast.SelectorExpr); ok && name.Sel.Name == "Error" {
				if pkg, ok := name.X.(*ast.Ident); ok && pkg.Name == "domain" {
					t.Errorf("%s: build it by domain.NewError, Errorf or Invalidf", files.Position(literal.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if parsed < 200 {
		t.Fatalf("only %d files were read", parsed)
	}
}
