package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

// releaseTwo is the variable that makes the product behave as its second release.
const releaseTwo = "INVOICES_RELEASE_TWO"

// invoices is the program of a small example product.
var invoices = Program{
	Name: "invoices",
	Configure: func(cfg app.Config) app.Config {
		migrations := fstest.MapFS{"0001_invoices.sql": {Data: []byte(`CREATE TABLE invoices (cents bigint NOT NULL)`)}}
		if os.Getenv(releaseTwo) != "" { // data of OnProvision violate it
			migrations["0002_limit.sql"] = &fstest.MapFile{Data: []byte(`ALTER TABLE invoices ADD CONSTRAINT cheap CHECK (cents < 500)`)}
		}
		cfg.TenantMigrations = migrations
		cfg.OnProvision = func(ctx context.Context, tx *sqlx.Tx, _ domain.Tenant, _ domain.Identity) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO invoices VALUES (900)`)
			return err
		}
		if cfg.PublicURL != nil {
			cfg.PublicURL = cfg.PublicURL.JoinPath("/pw")
		}
		return cfg
	},
	Handler: func(pw *app.Partywall) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/pw/", http.StripPrefix("/pw", pw.Handler()))
		mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
		return mux
	},
	Variables: []string{"TENANT_TRIAL_DAYS"},
	Commands: []Command{{
		Name: "bill", Args: "[--twice]", Summary: "add up what every tenant owes", Details: "  --twice  refuse\n",
		Run: func(ctx context.Context, pw *app.Partywall, args []string, out io.Writer) error {
			if len(args) > 0 {
				return Misuse("%q is never a good idea", args[0])
			}
			return pw.EachTenant(ctx, access.Installation(), "monthly bill", func(ctx context.Context, tx *sqlx.Tx, tenant domain.Tenant) error {
				var cents int
				if err := tx.GetContext(ctx, &cents, `SELECT sum(cents) FROM invoices`); err != nil {
					return err
				}
				_, err := fmt.Fprintf(out, "%s owes %d\n", tenant.ID, cents)
				return err
			})
		},
	}},
}

// product returns env for the product's program.
func product(env map[string]string) map[string]string {
	env = maps.Clone(env)
	if env == nil {
		env = map[string]string{}
	}
	env[asProgram] = invoices.Name
	return env
}

// onServer returns env with a database on a server of the test's own.
func onServer(t *testing.T, env map[string]string) map[string]string {
	t.Helper()
	needPostgres(t)
	db, err := embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	all := map[string]string{
		"DB_HOST": db.Host, "DB_PORT": strconv.Itoa(db.Port), "DB_USER": db.User, "DB_PASSWORD": db.Password.Reveal(), "DB_NAME": "product",
		"DATA_DIR": filepath.Join(t.TempDir(), "data"),
	}
	maps.Copy(all, env)
	return all
}

func TestAProductHasEveryCommandUnderItsOwnName(t *testing.T) {
	env := product(nil)
	for _, args := range append(helpOf(stockRoot()), "bill --help", "version") {
		got := runCommand(t, env, strings.Fields(args)...)
		if got.code != exitOK || !strings.Contains(got.out, "invoices ") || strings.Contains(got.out, "partywall ") {
			t.Errorf("%s: %+v", args, got)
		}
	}
	for args, want := range map[string]string{
		"fly":          "invoices: there is no command \"fly\"; see: invoices --help\n",
		"tenants lost": "invoices: tenants needs " + alternatives(t, "tenants") + ", not \"lost\"; see: invoices tenants --help\n",
	} {
		if got := runCommand(t, env, strings.Fields(args)...); got.code != exitMisuse || !strings.Contains(got.err, want) {
			t.Errorf("%s: %+v", args, got)
		}
	}
	env["PORT"] = "x"
	if got := runCommand(t, env, "serve"); got.code != exitFailure || !strings.HasPrefix(got.err, "invoices: PORT: ") {
		t.Errorf("%+v", got)
	}
}

// helpOf returns the arguments that show the help of a command and of each below it.
func helpOf(cmd *cobra.Command) []string {
	_, path, _ := strings.Cut(cmd.CommandPath()+" --help", " ")
	all := []string{path}
	for _, sub := range cmd.Commands() {
		all = append(all, helpOf(sub)...)
	}
	return all
}

func TestAProductMayReadVariablesOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	for content, want := range map[string]string{
		"TENANT_TRIAL_DAYS=30\n": "",
		"TENANT_TRAIL_DAYS=30\n": "invoices: TENANT_TRAIL_DAYS: is not a variable of invoices, but is in .env; is TENANT_TRIAL_DAYS meant?\n",
		"DB_HOTS=db\n":           "invoices: DB_HOTS: is not a variable of invoices, but is in .env; is DB_HOST meant?\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, ".env"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := runIn(t, dir, product(nil), "version"); got.err != want {
			t.Errorf("%q: %+v", content, got)
		}
	}
}

func TestTheStockProgramLeavesAProductsTenantsToTheProduct(t *testing.T) {
	env := onServer(t, nil)
	if got := runCommand(t, product(env), "setup"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	if got := runCommand(t, product(env), "tenants", "create", "acme"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	env["PORT"] = strconv.Itoa(freePort(t))
	for args, named := range map[string]string{
		"tenants create bolt":                    "`invoices tenants create`",
		"tenants claim acme --token x --owner y": "`invoices",
		"setup":                                  "`invoices setup`",
		"serve --mixed":                          "`invoices serve`",
	} {
		oneLine(t, runCommand(t, env, strings.Fields(args)...), named)
	}
	if line := lineWith(runCommand(t, env, "doctor").out, "database-setup"); !strings.HasPrefix(line, "error ") || !strings.Contains(line, "set up by invoices") {
		t.Errorf("doctor reports %q", line)
	}
	if line := lineWith(runCommand(t, product(env), "doctor").out, "database-setup"); !strings.HasPrefix(line, "ok ") {
		t.Errorf("the product's doctor reports %q", line)
	}
	if got := runCommand(t, env, "tenants", "list"); got.code != exitOK || !strings.Contains(got.out, "acme") || strings.Contains(got.out, "bolt") {
		t.Errorf("%+v", got)
	}
	if got := runCommand(t, product(env), "tenants", "create", "bolt"); got.code != exitOK {
		t.Errorf("the product: %+v", got)
	}
}

func TestTheCommandsOfAProductUseItsMigrationsHooksAndRoutes(t *testing.T) {
	env := product(onServer(t, nil))
	if got := runCommand(t, env, "setup"); got.code != exitOK {
		t.Fatalf("%+v", got)
	}
	s := serveProgram(t, env, "--mixed")
	awaitSaid(t, s, "invoices listens on http://")
	if code := status(t.Context(), s.url+"/hello"); code != http.StatusOK {
		t.Errorf("the product's own route answers %d", code)
	}
	if got := runCommand(t, env, "smoke", "--url", s.api); got.code != exitOK {
		t.Errorf("smoke: %+v", got)
	}
	if code := s.stop(t); code != exitOK {
		t.Errorf("exit %d on SIGTERM", code)
	}
	if strings.Contains(s.said(), "is not ready") {
		t.Errorf("a ready server reports that it is not: %s", s.said())
	}
	if got := runCommand(t, env, "bill"); got.code != exitOK || !strings.HasPrefix(got.out, "smoke-") || !strings.HasSuffix(got.out, " owes 900\n") || !strings.Contains(got.err, "the operator entered a tenant") {
		t.Errorf("%+v", got)
	}
	if got := runCommand(t, env, "bill", "twice"); got.code != exitMisuse || !strings.Contains(got.err, "invoices: \"twice\" is never a good idea; see: invoices bill --help\n") {
		t.Errorf("%+v", got)
	}
}
