package access_test

import (
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// TestForgingAProofDoesNotCompile type-checks forgeries from outside the package. The
// first program shows that the check itself works.
func TestForgingAProofDoesNotCompile(t *testing.T) {
	const honest = `member, _ := (&access.Service{}).Admit(context.Background(), domain.Identity{}, domain.TenantID{}); use(member, access.Scope(member), access.Scope(access.Worker{}))`
	if err := compile(t, honest); err != nil {
		t.Fatalf("a program without a forgery does not compile: %v", err)
	}
	forgeries := map[string]string{
		"a member of a literal's fields":       `use(access.Member{tenant: id})`,
		"a member of unnamed fields":           `use(access.Member{id, domain.Identity{}, domain.RoleOwner})`,
		"a member whose tenant is assigned":    `var m access.Member; m.tenant = id; use(m)`,
		"a member converted from a look-alike": `type twin struct { tenant domain.TenantID; identity domain.Identity; role domain.Role }; use(access.Member(twin{}))`,
		"an operator of a literal":             `use(access.Operator{proven: true})`,
		"a worker of a literal":                `use(access.Worker{tenant: id})`,
		"a worker of another tenant":           `var w access.Worker; w.tenant = id; use(w)`,
		"a scope of another type":              `use(access.Scope(forged{}))`,
		"a steward as a scope":                 `use(access.Scope(access.Steward{}))`,
		"an operator as a scope":               `use(access.Scope(access.Operator{}))`,
		"a steward of a literal":               `use(access.Steward{tenant: id})`,
		"a reader of a literal":                `use(access.Reader{operator: true})`,
		"a tenant ID of a literal":             `use(domain.TenantID{slug: "neighbour"})`,
		"a tenant ID converted from a string":  `use(domain.TenantID("neighbour"))`,
	}
	for name, body := range forgeries {
		t.Run(name, func(t *testing.T) {
			if compile(t, body) == nil {
				t.Errorf("this compiles: %s", body)
			}
		})
	}
}

func compile(t *testing.T, body string) error {
	t.Helper()
	source := `package outside

import (
	"context"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

var id domain.TenantID

type forged struct{}

func (forged) Tenant() domain.TenantID { return id }
func (forged) IsZero() bool            { return false }
func (forged) scope()                  {}

func use(...any) {}

func main() { _ = context.Background; _ = access.Member{}; ` + strings.TrimSpace(body) + ` }`
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "outside.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{Importer: sourceImporter()}
	_, err = config.Check("outside", files, []*ast.File{file}, nil)
	return err
}

// sourceImporter reads the sources of packages. A test built with -trimpath has to ask for
// the place of the standard library's.
var sourceImporter = sync.OnceValue(func() types.Importer {
	if build.Default.GOROOT == "" {
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			panic(err)
		}
		build.Default.GOROOT = strings.TrimSpace(string(root))
	}
	return importer.ForCompiler(token.NewFileSet(), "source", nil)
})
