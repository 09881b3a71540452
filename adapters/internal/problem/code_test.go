package problem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/partywall-go/partywall/adapters/internal/problem"
	"github.com/partywall-go/partywall/domain"
)

// TestEachCodeHasADefinition reads the constants from their files: an error of a code
// that is missing in the table is an internal one, and its caller gets a 500.
func TestEachCodeHasADefinition(t *testing.T) {
	for _, file := range []string{"code.go", "../../../domain/code.go"} {
		codes := codesIn(t, file)
		if len(codes) < 15 {
			t.Errorf("%s has only %d codes", file, len(codes))
		}
		for name, code := range codes {
			if _, defined := problem.DefinitionOf(code); !defined {
				t.Errorf("%s has the constant %s, and no definition of it", file, name)
			}
		}
	}
}

// codesIn returns the constants Code... of a file.
func codesIn(t *testing.T, path string) map[string]domain.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]domain.Code{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, isSpec := n.(*ast.ValueSpec)
		if !isSpec || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		for i, value := range spec.Values {
			literal, isLiteral := value.(*ast.BasicLit)
			if !isLiteral {
				t.Errorf("%s: the value of %s is not a literal", path, spec.Names[i].Name)
				continue
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			codes[spec.Names[i].Name] = domain.Code(text)
		}
		return true
	})
	return codes
}
