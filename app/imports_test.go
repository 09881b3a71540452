package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/partywall-go/partywall/"

// layers lists the packages of this module that a package may import. The longest
// matching prefix applies.
var layers = map[string][]string{
	"domain":             {},
	"domain/limits":      {"domain"},
	"domain/access":      {"domain", "ports", "domain/limits"},
	"domain/tenants":     {"domain", "ports", "domain/limits", "domain/access"},
	"domain/members":     {"domain", "ports", "domain/access"},
	"domain/invitations": {"domain", "ports", "domain/limits", "domain/access"},
	"domain/identities":  {"domain", "ports", "domain/limits", "domain/tenants", "domain/invitations"},
	"domain/files":       {"domain", "ports", "domain/access"},
	"domain/events":      {"domain", "ports", "domain/access"},
	"domain/mails":       {"domain", "ports", "domain/invitations"},
	"ports":              {"domain"},
	"ports/doctor":       {},
	"ports/porttest":     {"domain", "ports"},

	"adapters":                                {"domain", "ports", "ports/doctor", "adapters/internal/..."},
	"adapters/archive":                        {"domain", "ports", "domain/access"},
	"adapters/internal":                       {"domain", "ports", "ports/doctor", "adapters/internal/ownfile", "adapters/internal/problem"},
	"adapters/httpapi":                        {"domain", "ports", "domain/...", "adapters/internal/...", "adapters/httpapi/internal/..."},
	"adapters/httpapi/internal/web":           {"domain", "domain/limits", "ports", "adapters/internal/..."},
	"adapters/postgres":                       {"domain", "ports", "ports/doctor", "adapters/internal/...", "adapters/postgres/internal/..."},
	"adapters/postgres/internal/pg":           {"domain", "adapters/internal/..."},
	"adapters/postgres/internal/schema":       {"domain", "adapters/postgres/internal/pg"},
	"adapters/postgres/internal/installation": {"domain", "adapters/postgres/internal/pg", "adapters/postgres/internal/schema"},
	"adapters/postgres/internal/archive":      {"domain", "ports", "adapters/postgres/internal/pg"},
	"adapters/postgres/internal/inspection":   {"domain", "adapters/postgres/internal/pg", "adapters/postgres/internal/schema", "adapters/postgres/internal/installation"},
	"adapters/postgres/internal/doctor":       {"domain", "ports/doctor", "adapters/internal/...", "adapters/postgres/internal/pg", "adapters/postgres/internal/schema", "adapters/postgres/internal/installation", "adapters/postgres/internal/inspection"},
	"adapters/postgres/internal/fleet":        {"domain", "adapters/postgres/internal/pg", "adapters/postgres/internal/schema", "adapters/postgres/internal/installation", "adapters/postgres/internal/inspection"},
	"adapters/postgres/internal/gates":        {"domain", "adapters/postgres/internal/pg", "adapters/postgres/internal/schema", "adapters/postgres/internal/installation", "adapters/postgres/internal/inspection"},
	"adapters/postgres/internal/setup":        {"domain", "adapters/postgres/internal/pg", "adapters/postgres/internal/schema", "adapters/postgres/internal/installation", "adapters/postgres/internal/inspection", "adapters/postgres/internal/fleet"},
	"adapters/postgres/internal/pgtest":       {"domain", "ports", "ports/porttest", "ports/doctor", "adapters/embeddedpg", "adapters/postgres", "adapters/realservers"},
	"adapters/idp/idptest":                    {"domain", "ports", "domain/mails", "adapters/idp", "adapters/memory"},
	"adapters/realservers":                    {"domain", "ports", "adapters/internal/childserver", "adapters/internal/ownfile"},

	"app":         {"domain", "ports", "ports/doctor", "domain/...", "adapters/..."},
	"app/cli":     {"domain", "ports", "ports/doctor", "domain/...", "adapters/dotenv", "app"},
	"app/apptest": {"domain", "ports", "domain/...", "adapters/idp", "adapters/memory", "adapters/embeddedpg", "app"},
	"cmd":         {"app/cli"},
	"cmd/bench":   {"domain", "ports", "domain/...", "adapters/...", "app", "cmd/internal/measure"},
	"cmd/faults":  {"adapters/embeddedpg", "app", "app/cli"},

	"cmd/benchfleet":       {"domain", "ports", "adapters/...", "app", "app/cli", "cmd/internal/measure"},
	"cmd/internal/measure": {},
}

// homes lists where each larger library may be imported.
var homes = map[string][]string{
	"github.com/labstack/echo":             {"adapters/httpapi", "app", "cmd/bench"},
	"github.com/jmoiron/sqlx":              {"adapters/postgres", "app", "cmd/bench", "cmd/benchfleet"},
	"github.com/lib/pq":                    {"adapters/postgres", "adapters/embeddedpg", "adapters/internal/pgwire", "cmd/bench", "cmd/benchfleet"},
	"github.com/aws/":                      {"adapters/cognito", "adapters/s3", "adapters/ses", "adapters/internal/awscalls", "adapters/realservers", "app", "cmd/bench"},
	"github.com/lestrrat-go/jwx":           {"adapters/tokens"},
	"github.com/klauspost/compress":        {"adapters/archive"},
	"golang.org/x/crypto":                  {"adapters/idp/argon2"},
	"github.com/kelseyhightower/envconfig": {"app"},
}

type listedPackage struct {
	ImportPath string
	Imports    []string
}

func TestEveryArrowPointsInwards(t *testing.T) {
	for _, p := range listPackages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if to, ours := strings.CutPrefix(imported, module); ours && !mayImport(from, to) {
				t.Errorf("%s imports %s", from, to)
			}
			if rooms, known := homeOf(imported); known && !slices.ContainsFunc(rooms, func(room string) bool { return within(from, room) }) {
				t.Errorf("%s imports %s, which stays in %s", from, imported, strings.Join(rooms, ", "))
			}
			if (within(from, "domain") || within(from, "ports")) && strings.Contains(imported, ".") && !strings.HasPrefix(imported, module) && !strings.HasPrefix(imported, "golang.org/x/text/") {
				t.Errorf("%s imports %s, but the domain may import only itself, the standard library and golang.org/x/text", from, imported)
			}
		}
	}
}

func TestTheImportRuleRefusesWhatItShould(t *testing.T) {
	for _, arrow := range [][2]string{
		{"domain", "ports"}, {"ports", "domain/access"}, {"domain/access", "domain/tenants"}, {"domain/tenants", "domain/files"}, {"adapters/s3", "domain/files"},
		{"adapters/s3", "adapters/disk"}, {"adapters/idp", "adapters/idp/argon2"}, {"adapters/postgres", "adapters/embeddedpg"}, {"adapters/postgres/internal/pg", "adapters/postgres/internal/schema"}, {"adapters/postgres/internal/schema", "adapters/postgres"}, {"adapters/postgres/internal/inspection", "adapters/postgres/internal/setup"}, {"adapters/postgres/internal/doctor", "adapters/postgres/internal/setup"}, {"adapters/postgres/internal/fleet", "adapters/postgres/internal/setup"}, {"adapters/postgres/internal/setup", "adapters/postgres/internal/doctor"}, {"adapters/postgres/internal/setup", "adapters/postgres"}, {"adapters/embeddedpg", "adapters/postgres"}, {"adapters/httpapi", "adapters/memory"}, {"adapters/httpapi/internal/web", "domain/access"}, {"adapters/httpapi/internal/web", "adapters/httpapi"},
		{"adapters/memory", "app"}, {"cmd/partywall", "adapters/postgres"}, {"app", "cmd/partywall"}, {"app", "app/cli"}, {"app/cli", "adapters/postgres"},
	} {
		if mayImport(arrow[0], arrow[1]) {
			t.Errorf("%s may import %s", arrow[0], arrow[1])
		}
	}
	if !mayImport("adapters/disk", "adapters/internal/signedurl") || !mayImport("app", "adapters/embeddedpg") {
		t.Error("the rule refuses an arrow that points inwards")
	}
}

func mayImport(from, to string) bool {
	for room := from; room != "."; room = path.Dir(room) {
		if allowed, known := layers[room]; known {
			return slices.ContainsFunc(allowed, func(a string) bool {
				tree, isTree := strings.CutSuffix(a, "/...")
				return to == a || isTree && within(to, tree)
			})
		}
	}
	return false
}

func homeOf(imported string) ([]string, bool) {
	for library, rooms := range homes {
		if strings.HasPrefix(imported, library) {
			return rooms, true
		}
	}
	return nil, false
}

func within(pkg, room string) bool { return pkg == room || strings.HasPrefix(pkg, room+"/") }

// listPackages asks the go command for the imports of every package, without its tests.
func listPackages(t *testing.T) []listedPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listedPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listedPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("only %d packages were found", len(packages))
	}
	return packages
}
