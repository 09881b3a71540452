package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNoMessageForACallerIsMadeOfAnError reads the adapters' source. Text from SQL, AWS
// or a disk may contain rows and secrets. It must be an error's Err, or the Message
// of an error of kind Internal, which no caller sees.
func TestNoMessageForACallerIsMadeOfAnError(t *testing.T) {
	seen := 0
	for _, found := range callerMessages(t, os.DirFS("../adapters")) {
		seen++
		if strings.HasPrefix(found.where, "httpapi/internal/web/decode.go:") {
			continue // it describes the caller's own JSON
		}
		if word := madeOfAnError(found.message); word != "" {
			t.Errorf("%s: a caller reads %s", found.where, word)
		}
	}
	if seen < 40 {
		t.Errorf("only %d messages were found: the test reads the wrong folder", seen)
	}
}

func TestAMessageMadeOfAnErrorIsFound(t *testing.T) {
	for source, want := range map[string]string{
		`&domain.Error{Kind: domain.Conflict, Message: err.Error()}`:                       "err",
		`&domain.Error{Kind: domain.Forbidden, Message: fmt.Sprintf("no: %v", err)}`:       "err",
		`&domain.Error{Kind: domain.Invalid, Message: "no: " + complaint(e)}`:              "complaint",
		`&domain.Error{Kind: domain.Invalid, Message: "no"}`:                               "",
		`&domain.Error{Kind: domain.Internal, Message: err.Error()}`:                       "",
		`&domain.Error{Kind: domain.Unavailable, Message: "try again", Err: err}`:          "",
		`domain.Invalidf("name", "no: %v", err)`:                                           "err",
		`domain.Invalidf("DB_SSLROOTCERT", "a variable's mistake is the operator's", err)`: "",
	} {
		parsed, err := parser.ParseExpr(source)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		ast.Inspect(parsed, func(n ast.Node) bool {
			if message := callerMessage(n); message != nil {
				got += madeOfAnError(message)
			}
			return true
		})
		if got != want {
			t.Errorf("in %s it found %q, want %q", source, got, want)
		}
	}
}

type foundMessage struct {
	where   string
	message []ast.Expr
}

// callerMessages returns the messages in the source that callers can read.
func callerMessages(t *testing.T, source fs.FS) (found []foundMessage) {
	t.Helper()
	err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := fs.ReadFile(source, path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, content, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if message := callerMessage(n); message != nil {
				found = append(found, foundMessage{set.Position(n.Pos()).String(), message})
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// callerMessage returns the parts of an error's message, if a caller can read
// it.
func callerMessage(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if !names(n.Type, "Error") {
			return nil
		}
		var message []ast.Expr
		for _, element := range n.Elts {
			field, ok := element.(*ast.KeyValueExpr)
			switch {
			case ok && names(field.Key, "Kind") && names(field.Value, "Internal"):
				return nil
			case ok && names(field.Key, "Message"):
				message = append(message, field.Value)
			}
		}
		return message
	case *ast.CallExpr:
		if !names(n.Fun, "Invalidf") || len(n.Args) < 2 {
			return nil
		}
		if field, ok := n.Args[0].(*ast.BasicLit); ok && len(field.Value) > 2 && strings.ToUpper(field.Value) == field.Value {
			return nil // a variable of the configuration
		}
		return n.Args[1:]
	}
	return nil
}

// names reports whether the expression is the identifier, qualified or not.
func names(e ast.Expr, identifier string) bool {
	if selector, ok := e.(*ast.SelectorExpr); ok {
		e = selector.Sel
	}
	found, ok := e.(*ast.Ident)
	return ok && found.Name == identifier
}

// madeOfAnError returns the word with which a message includes an error's text, or "".
func madeOfAnError(message []ast.Expr) (word string) {
	for _, part := range message {
		ast.Inspect(part, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && word == "" {
				switch id.Name {
				case "err", "Err", "Error", "cause", "complaint", "describe":
					word = id.Name
				}
			}
			return true
		})
	}
	return word
}
