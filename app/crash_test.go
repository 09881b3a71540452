package app_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/memory"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
)

var killRounds = flag.Int("kill.rounds", 0, "how often each step of a purge, of a claim and of an import is killed; 0: a purge and an import once, and some steps of a claim")

// crashVariable configures a child process, which this process kills.
const crashVariable = "PARTYWALL_TEST_CRASH"

// crashTest is an installation on a server and a disk, with processes that are killed.
type crashTest struct {
	server   *embeddedpg.Server
	dir      string
	registry *app.Registry // of this process
	super    *sqlx.DB

	migrations fs.FS // of the product; nil: it has none
}

// newCrashTest sets up an installation.
func newCrashTest(t *testing.T) crashTest {
	t.Helper()
	needPostgres(t)
	// A server that is killed must not lose what it has committed.
	c := crashTest{server: newServer(t, "synchronous_commit=on"), dir: t.TempDir()}
	if err := app.Setup(t.Context(), c.config(), func(string) {}); err != nil {
		t.Fatal(err)
	}
	c.registry = c.open(t)
	c.super = domain.Must(sqlx.Open("postgres", fmt.Sprintf("host=%s port=%d user=postgres password=%s dbname=%s sslmode=disable",
		c.server.Host, c.server.Port, c.server.SuperuserPassword.Reveal(), c.server.Database)))
	t.Cleanup(func() { _ = c.super.Close() })
	return c
}

func (c crashTest) config() app.Config {
	return app.Config{
		Database: app.Database{Host: c.server.Host, Port: c.server.Port, User: c.server.User, Password: c.server.Password, Name: c.server.Database, SSLMode: "disable"},
		DataDir:  c.dir,
		Hasher:   memory.Hasher{},
		Logger:   slog.New(slog.DiscardHandler),

		TenantsPerOwner:  1_000_000,
		TenantMigrations: c.migrations,
	}
}

func (c crashTest) open(t *testing.T) *app.Registry {
	t.Helper()
	registry, err := app.OpenRegistry(t.Context(), c.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = registry.Close() })
	return registry
}

func (c crashTest) execute(t *testing.T, statement string) {
	t.Helper()
	if _, err := c.super.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// mustFindNoFault fails if `tenants check` finds what a killed process left.
func (c crashTest) mustFindNoFault(t *testing.T, when string) {
	t.Helper()
	if faults, err := c.registry.Tenants.Check(t.Context(), access.Installation()); err != nil || len(faults) > 0 {
		t.Errorf("%s: the check found %+v, %v", when, faults, err)
	}
}

// child returns a process that runs the test as a child of this one. It connects to the
// port, and is killed at the step if its test counts steps.
func (c crashTest) child(ctx context.Context, test string, port, step int) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+test+"$")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %s %s %s %s %d",
		crashVariable, c.server.Host, port, c.server.User, c.server.Password.Reveal(), c.server.Database, c.dir, step))
	return cmd
}

// asChild reads the installation of a process that [crashTest.child] started. It reports
// false in any other process.
func asChild(t *testing.T) (c crashTest, step int, child bool) {
	t.Helper()
	text := os.Getenv(crashVariable)
	if text == "" {
		return c, 0, false
	}
	c.server = &embeddedpg.Server{}
	var password string
	if _, err := fmt.Sscan(text, &c.server.Host, &c.server.Port, &c.server.User, &password, &c.server.Database, &c.dir, &step); err != nil {
		t.Fatal(err)
	}
	c.server.Password = domain.NewSecret(password)
	return c, step, true
}
