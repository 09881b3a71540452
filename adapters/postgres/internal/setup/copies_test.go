package setup_test

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// waysToCopy a database on its own server.
var waysToCopy = map[string]func(t *testing.T, original, copied postgres.Config){
	"a template": func(t *testing.T, original, copied postgres.Config) {
		pgtest.Maintain(t, original, `ALTER DATABASE `+original.Database+` ALLOW_CONNECTIONS false`)
		pgtest.Maintain(t, original, `SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE datname = '`+original.Database+`'`)
		pgtest.Maintain(t, original, `CREATE DATABASE `+copied.Database+` TEMPLATE `+original.Database+` OWNER `+original.User)
		pgtest.Maintain(t, original, `ALTER DATABASE `+original.Database+` ALLOW_CONNECTIONS true`)
		pgtest.Maintain(t, copied, `REVOKE TEMP, CREATE ON DATABASE `+copied.Database+` FROM PUBLIC`)
	},
	"a dump and a restore": func(t *testing.T, original, copied postgres.Config) {
		pgtest.Maintain(t, original, `CREATE DATABASE `+copied.Database+` OWNER `+original.User)
		dump := filepath.Join(t.TempDir(), "dump")
		runTool(t, original, "pg_dump", "--format=custom", "--file="+dump, original.Database)
		runTool(t, copied, "pg_restore", "--dbname="+copied.Database, dump)
		pgtest.Maintain(t, copied, `REVOKE TEMP, CREATE ON DATABASE `+copied.Database+` FROM PUBLIC`)
	},
}

// runTool runs one of PostgreSQL's programs as the superuser of the shared server.
func runTool(t testing.TB, cfg postgres.Config, program string, args ...string) {
	t.Helper()
	programs := domain.Must(embeddedpg.FindBinaries())
	realservers.NeedProgram(t, programs, program)
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, program), append([]string{"-h", cfg.Host, "-p", strconv.Itoa(cfg.Port), "-U", "postgres"}, args...)...)
	cmd.Env = []string{"PGPASSWORD=" + pgtest.Server(t).SuperuserPassword.Reveal()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}

func TestCopies(t *testing.T) {
	t.Parallel()
	for name, copyTo := range waysToCopy {
		t.Run("of "+name, func(t *testing.T) {
			t.Parallel()
			db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.WithPlans)
			acme := pgtest.MakeTenant(t, db, "acme")
			pgtest.Note(t, db, acme, "before")
			keepObject(t, db, acme)
			_ = db.Close() // a template must be at rest
			copied := cfg
			copied.Database += "_copy"
			copyTo(t, cfg, copied)
			db = pgtest.Reopen(t, cfg)

			err := postgres.Setup(t.Context(), copied, func(string) {})
			pgtest.MustBe(t, err, postgres.CodeCopy)
			pgtest.MustSay(t, err, "app.SetupCopy", cfg.Database)
			_, err = postgres.Open(t.Context(), copied)
			pgtest.MustBe(t, err, postgres.CodeCopy)
			found := pgtest.RunChecks(t, copied)
			pgtest.MustHave(t, found, "database-copy", doctor.Error, "app.SetupCopy", "database-session")
			if session := found["database-session"]; session.Severity != doctor.OK && !strings.Contains(session.Fix, "app.SetupCopy") {
				t.Errorf("setup is advised, which refuses a copy: %+v", session)
			}

			pgtest.Note(t, db, acme, "the original goes on")
			if report := pgtest.SetUp(t, cfg); report != "" {
				t.Errorf("the original's setup did:\n%s", report)
			}
			pgtest.MustBe(t, postgres.SetupCopy(t.Context(), cfg, func(string) {}), postgres.CodeCopy)
			pgtest.MustFind(t, cfg, "database-copy", doctor.Warning, copied.Database)
			keepsRole(t, db, cfg, copied)

			if err := postgres.SetupCopy(t.Context(), copied, func(string) {}); err != nil {
				t.Fatal(err)
			}
			twin := pgtest.Reopen(t, copied)
			pgtest.Note(t, twin, acme, "the copy's own")
			if got := fmt.Sprint(pgtest.Notes(t, twin, acme)); got != "[before the copy's own]" {
				t.Errorf("the copy has %s", got)
			}
			readObject(t, twin, acme)
			readObject(t, db, acme)
			for _, each := range []*postgres.DB{db, twin} {
				pgtest.Note(t, each, pgtest.MakeTenant(t, each, "same"), "same ID, both made")
				pgtest.Note(t, each, acme, "still served")
			}
			for _, each := range []postgres.Config{cfg, copied} {
				pgtest.MustFind(t, each, "database-copy", doctor.OK, "")
				if report := pgtest.SetUp(t, each); report != "" {
					t.Errorf("another setup did:\n%s", report)
				}
			}
			expireTenant(t, db, cfg, "acme")
		})
	}
	t.Run("a restored database whose original was dropped is the installation", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, pgtest.WithNotes)
		acme := pgtest.MakeTenant(t, db, "acme")
		_ = db.Close()
		restored := cfg
		restored.Database += "_restored"
		waysToCopy["a template"](t, cfg, restored)
		pgtest.Maintain(t, cfg, `DROP DATABASE `+cfg.Database)
		pgtest.SetUp(t, restored)
		pgtest.Note(t, pgtest.Reopen(t, restored), acme, "served")
		pgtest.MustFind(t, restored, "database-copy", doctor.OK, "")
	})
	t.Run("a renamed database is the same installation", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, pgtest.WithNotes)
		acme := pgtest.MakeTenant(t, db, "acme")
		_ = db.Close()
		renamed := cfg
		renamed.Database += "_renamed"
		pgtest.Maintain(t, cfg, `ALTER DATABASE `+cfg.Database+` RENAME TO `+renamed.Database)
		pgtest.Note(t, pgtest.Reopen(t, renamed), acme, "served")
		pgtest.SetUp(t, renamed)
	})
	t.Run("of an installation that an older release set up, the younger is the copy", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, pgtest.WithNotes)
		acme := pgtest.MakeTenant(t, db, "acme")
		_ = db.Close()
		pgtest.Execute(t, pgtest.Superuser(t, cfg), `UPDATE partywall.installation SET database_oid = NULL`)
		copied := cfg
		copied.Database += "_copy"
		waysToCopy["a template"](t, cfg, copied)
		pgtest.MustBe(t, postgres.Setup(t.Context(), copied, func(string) {}), postgres.CodeCopy)
		pgtest.SetUp(t, cfg)
		pgtest.Note(t, pgtest.Reopen(t, cfg), acme, "served")
	})
	t.Run("without roles nothing is shared", func(t *testing.T) {
		t.Parallel()
		db, cfg := pgtest.Open(t, pgtest.WithNotes, pgtest.RolesOff)
		acme := pgtest.MakeTenant(t, db, "acme")
		_ = db.Close()
		copied := cfg
		copied.Database += "_copy"
		waysToCopy["a template"](t, cfg, copied)
		pgtest.SetUp(t, copied)
		pgtest.Note(t, pgtest.Reopen(t, copied), acme, "served")
		pgtest.Note(t, pgtest.Reopen(t, cfg), acme, "served")
	})
}

// keepsRole looks at what a sweep, and a creation with the ID of a tenant that broke
// off, say while a copy uses the tenant's role.
func keepsRole(t *testing.T, db *postgres.DB, cfg, copied postgres.Config) {
	t.Helper()
	super := pgtest.Superuser(t, cfg)
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = 'acme'`)
	_, swept := db.Tenants().Sweep(t.Context())
	_, created := db.Tenants().Create(t.Context(), pgtest.Creation(t, "acme"))
	for what, err := range map[string]error{"the sweep": swept, "the creation": created} {
		pgtest.MustBe(t, err, domain.Internal)
		for _, part := range []string{copied.Database, "set DB_NAME=", "app.SetupCopy"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s doesn't say %q: %v", what, part, err)
			}
		}
	}
	pgtest.Execute(t, super, `UPDATE partywall.tenants SET status = 'active', expires_at = NULL WHERE id = 'acme'`)
}

// keepObject makes a large object, which the tenant's role owns.
func keepObject(t *testing.T, db *postgres.DB, id domain.TenantID) {
	t.Helper()
	err := db.InTenant(t.Context(), id, func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `SELECT lo_from_bytea(4711, 'kept')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func readObject(t *testing.T, db *postgres.DB, id domain.TenantID) {
	t.Helper()
	err := db.InTenant(t.Context(), id, func(ctx context.Context, tx *sqlx.Tx) error {
		if got := pgtest.Query[string](t, tx, `SELECT encode(lo_get(4711), 'escape')`); got != "kept" {
			t.Errorf("the object is %q", got)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// expireTenant has the sweep remove a tenant.
func expireTenant(t *testing.T, db *postgres.DB, cfg postgres.Config, id string) {
	t.Helper()
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = $1`, id)
	if swept, err := db.Tenants().Sweep(t.Context()); swept != 1 || err != nil {
		t.Errorf("swept %d: %v", swept, err)
	}
}
