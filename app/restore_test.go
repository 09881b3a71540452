package app_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/local"
	"github.com/partywall-go/partywall/adapters/postgres/private"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// TestABackupComesBackOnAnotherServer follows docs/production.md.
func TestABackupComesBackOnAnotherServer(t *testing.T) {
	needPostgres(t)
	t.Parallel()
	programs := domain.Must(private.FindBinaries())
	before, after := newServer(t), newServer(t)
	keys := domain.Must(local.NewKeys())
	open := func(server *private.Server) *app.Partywall {
		cfg := invoices
		cfg.Keys, cfg.DataDir = keys, t.TempDir()
		cfg.Database = app.Database{Host: server.Host, Port: server.Port, User: server.User, Password: server.Password, Name: server.Database}
		if err := app.Setup(t.Context(), cfg, func(string) {}); err != nil {
			t.Fatal(err)
		}
		pw := domain.Must(app.New(t.Context(), cfg))
		t.Cleanup(func() { _ = pw.Close() })
		return pw
	}
	run := func(server *private.Server, program string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(programs, program), append([]string{"-h", server.Host, "-p", strconv.Itoa(server.Port), "-U", "postgres"}, args...)...)
		cmd.Env = []string{"PGPASSWORD=" + server.SuperuserPassword.Reveal()}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", program, err, out)
		}
	}

	was := open(before)
	id, ada := parseID(t, "acme"), domain.Must(domain.NewIdentity("test", "ada"))
	domain.Must(was.Tenants.Create(t.Context(), tenants.Creator{Caller: ports.Caller{Identity: ada}}, tenants.Creation{ID: id}))
	if err := was.InTenant(t.Context(), domain.Must(was.Tenants.Admit(t.Context(), ada, id)), book(1200)); err != nil {
		t.Fatal(err)
	}
	roles, dump := filepath.Join(t.TempDir(), "roles.sql"), filepath.Join(t.TempDir(), "partywall.dump")
	run(before, "pg_dumpall", "--roles-only", "--no-role-passwords", "--file="+roles)
	run(before, "pg_dump", "--format=custom", "--file="+dump, before.Database)

	run(after, "psql", "--quiet", "-f", roles, "postgres") // complains of the two roles that each server has
	run(after, "createdb", "--owner="+after.User, after.Database)
	run(after, "pg_restore", "--dbname="+after.Database, dump)
	is := open(after)
	member, err := is.Tenants.Admit(t.Context(), ada, id)
	if err != nil {
		t.Fatal(err)
	}
	var cents int
	err = is.InTenant(t.Context(), member, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := book(34)(ctx, tx); err != nil {
			return err
		}
		return tx.GetContext(ctx, &cents, `SELECT sum(cents) FROM invoices`)
	})
	if err != nil || cents != 1234 {
		t.Errorf("the tenant has %d: %v", cents, err)
	}
	if _, err := is.Tenants.Create(t.Context(), tenants.Creator{Caller: ports.Caller{Identity: ada}}, tenants.Creation{ID: parseID(t, "beta")}); err != nil {
		t.Errorf("no new tenant can be made: %v", err)
	}
}

func newServer(t *testing.T) *private.Server {
	t.Helper()
	server := domain.Must(private.StartTemporary(t.Context(), private.Temporary{}))
	t.Cleanup(func() { _ = server.Close() })
	return server
}
