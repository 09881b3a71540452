package app_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/idp"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports/doctor"
)

// operator follows docs/production.md, with all files in one folder.
type operator struct {
	keys     *idp.Keys
	dir      string
	programs string
	ada      domain.Identity
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	needPostgres(t)
	programs := domain.Must(embeddedpg.FindBinaries())
	realservers.NeedProgram(t, programs, "pg_dump")
	return &operator{domain.Must(idp.NewKeys()), t.TempDir(), programs, domain.Must(domain.NewIdentity("test", "ada"))}
}

// runs returns the shell blocks of a section.
func runs(t *testing.T, heading string) []string {
	t.Helper()
	_, section, found := strings.Cut(string(domain.Must(os.ReadFile("../docs/production.md"))), "\n"+heading+"\n")
	if !found {
		t.Fatalf("docs/production.md has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n#")
	var blocks []string
	for more := true; more; {
		if _, section, more = strings.Cut(section, "```sh\n"); more {
			var block string
			block, section, _ = strings.Cut(section, "```")
			blocks = append(blocks, block)
		}
	}
	return blocks
}

func (o *operator) config(server *embeddedpg.Server, database string) app.Config {
	cfg := invoices
	cfg.Keys, cfg.DataDir = o.keys, o.dir
	cfg.Database = app.Database{Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, Name: database, SSLMode: "disable", GateSecret: domain.NewSecret("the same everywhere, as the environment is")}
	return cfg
}

// run runs a block on a server, as its superuser. The library executes the lines with
// partywall, and the statements that they advise a superuser to run are run.
func (o *operator) run(t *testing.T, server *embeddedpg.Server, block string) {
	t.Helper()
	var script strings.Builder
	flush := func() {
		if script.Len() > 0 {
			o.shell(t, server, script.String())
		}
		script.Reset()
	}
	for line := range strings.Lines(block) {
		before, command, ours := strings.Cut(line, "partywall setup")
		if !ours || before != "" && !strings.HasPrefix(before, "DB_NAME=") {
			script.WriteString(line)
			continue
		}
		flush()
		database := server.Database
		if name, named := strings.CutPrefix(strings.TrimSpace(before), "DB_NAME="); named {
			database = name
		}
		setUp := app.Setup
		if strings.Contains(command, "--new-installation") {
			setUp = app.SetupCopy
		}
		o.setUp(t, server, database, setUp)
	}
	flush()
}

func (o *operator) setUp(t *testing.T, server *embeddedpg.Server, database string, setUp func(context.Context, app.Config, func(string), ...app.SetupOption) error) {
	t.Helper()
	for range 4 {
		var lines []string
		err := setUp(t.Context(), o.config(server, database), func(line string) { lines = append(lines, line) })
		said := strings.Join(lines, "\n")
		if e, ok := errors.AsType[*domain.Error](err); ok {
			said = e.Message
		}
		_, after, asked := strings.Cut(said, "run as a superuser")
		if !asked && err != nil {
			t.Fatalf("setup: %v", err)
		}
		if !asked {
			return
		}
		_, sql, _ := strings.Cut(after, ": ")
		t.Log("as a superuser: " + sql)
		o.shell(t, server, "psql --quiet --set=ON_ERROR_STOP=1 --dbname="+database+" <<'SQL'\n"+sql+"\nSQL\n")
	}
	t.Fatal("setup never has enough")
}

func (o *operator) shell(t *testing.T, server *embeddedpg.Server, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", script)
	cmd.Dir = o.dir
	cmd.Env = []string{"PATH=" + o.programs + ":" + os.Getenv("PATH"), "PGHOST=" + server.Host, "PGPORT=" + strconv.Itoa(server.Port), "PGUSER=postgres",
		"PGPASSWORD=" + server.SuperuserPassword.Reveal(), "DB_PASSWORD=" + server.Password.Reveal()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s\n%s", err, script, out)
	}
}

// open serves the installation until the test ends.
func (o *operator) open(t *testing.T, server *embeddedpg.Server, database string) *app.Partywall {
	t.Helper()
	pw := domain.Must(app.New(t.Context(), o.config(server, database)))
	t.Cleanup(func() { _ = pw.Close() })
	return pw
}

func (o *operator) create(t *testing.T, pw *app.Partywall, name string) {
	t.Helper()
	_, err := pw.Tenants.Create(t.Context(), tenants.Creator{Operator: access.Installation(), For: o.ada}, tenants.Creation{ID: parseID(t, name)})
	if err != nil {
		t.Fatal(err)
	}
}

// book adds an invoice to a tenant and returns the sum of all.
func (o *operator) book(t *testing.T, pw *app.Partywall, name string, cents int) (sum int) {
	t.Helper()
	member, err := pw.Access.Admit(t.Context(), o.ada, parseID(t, name))
	if err != nil {
		t.Fatal(err)
	}
	err = pw.InTenant(t.Context(), member, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := book(cents)(ctx, tx); err != nil {
			return err
		}
		return tx.GetContext(ctx, &sum, `SELECT sum(cents) FROM invoices`)
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func mustSum(t *testing.T, got, want int) {
	t.Helper()
	if got != want {
		t.Errorf("the tenant has %d, not %d", got, want)
	}
}

// TestABackupComesBack restores an installation on another server of the same
// version, and of the newest one, where roles have other rules.
func TestABackupComesBack(t *testing.T) {
	t.Parallel()
	for name, binaries := range map[string]func(testing.TB) string{
		"on PostgreSQL of the same version": func(testing.TB) string { return "" },
		"on PostgreSQL 18":                  realservers.PostgreSQL18,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOperator(t)
			blocks := runs(t, "## Back up and restore")
			before := newServer(t)
			o.setUp(t, before, before.Database, app.Setup)
			was := o.open(t, before, before.Database)
			o.create(t, was, "acme")
			mustSum(t, o.book(t, was, "acme", 1200), 1200)
			o.run(t, before, blocks[0])

			after := domain.Must(embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{BinDir: binaries(t)}))
			t.Cleanup(func() { _ = after.Close() })
			o.run(t, after, blocks[1])
			is := o.open(t, after, after.Database)
			mustSum(t, o.book(t, is, "acme", 34), 1234)
			o.create(t, is, "beta")
			for _, f := range app.RunChecks(t.Context(), o.config(after, after.Database)) {
				if f.Severity != doctor.OK && (strings.HasPrefix(f.Check, "tenant-r") || strings.HasPrefix(f.Check, "tenant-g") || strings.HasPrefix(f.Check, "gate") || f.Check == "database-user" || f.Check == "database-public" || f.Check == "database-copy") {
					t.Errorf("the doctor finds %+v", f)
				}
			}
		})
	}
}

// TestOneTenantComesBack restores a tenant that was damaged, and one that was lost.
func TestOneTenantComesBack(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	server := newServer(t)
	o.setUp(t, server, server.Database, app.Setup)
	pw := o.open(t, server, server.Database)
	for _, name := range []string{"acme", "acme-2"} {
		o.create(t, pw, name)
		o.book(t, pw, name, 100)
	}
	o.run(t, server, runs(t, "## Back up and restore")[0])
	restore := runs(t, "### One tenant")[0]
	o.book(t, pw, "acme", 1)
	o.book(t, pw, "acme-2", 1)
	o.run(t, server, restore)
	mustSum(t, o.book(t, pw, "acme", 10), 110)
	o.shell(t, server, "echo 'DROP SCHEMA tenant_acme CASCADE' | psql --quiet --dbname=partywall")
	lost := o.find(t, server, "tenant-schemas")
	_, chapter, _ := strings.Cut(lost.Fix, `docs/production.md says under "`)
	chapter, _, _ = strings.Cut(chapter, `"`)
	o.run(t, server, runs(t, "### "+chapter)[0])
	if found := o.find(t, server, "tenant-schemas"); found.Severity != doctor.OK {
		t.Errorf("after the advice was followed, the doctor finds %+v", found)
	}
	mustSum(t, o.book(t, pw, "acme", 20), 120)
	mustSum(t, o.book(t, pw, "acme-2", 0), 101)
}

// find returns the doctor's finding of one check.
func (o *operator) find(t *testing.T, server *embeddedpg.Server, check string) doctor.Finding {
	t.Helper()
	for _, f := range app.RunChecks(t.Context(), o.config(server, server.Database)) {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("the doctor has no check %s", check)
	return doctor.Finding{}
}

// TestAStagingCopy creates a copy beside the original.
func TestAStagingCopy(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	server := newServer(t)
	o.setUp(t, server, server.Database, app.Setup)
	original := o.open(t, server, server.Database)
	o.create(t, original, "acme")
	o.book(t, original, "acme", 100)
	o.run(t, server, runs(t, "### A copy for staging")[0])
	staging := o.open(t, server, "partywall_staging")
	mustSum(t, o.book(t, staging, "acme", 5), 105)
	mustSum(t, o.book(t, original, "acme", 7), 107)
}

func newServer(t *testing.T, settings ...string) *embeddedpg.Server {
	t.Helper()
	server := domain.Must(embeddedpg.StartTemporary(t.Context(), embeddedpg.Temporary{Settings: settings}))
	t.Cleanup(func() { _ = server.Close() })
	return server
}
