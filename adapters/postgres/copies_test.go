package postgres_test

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
	"github.com/partywall-go/partywall/adapters/realservers"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

// maintain runs a statement that is about databases.
func maintain(t testing.TB, cfg postgres.Config, statement string) {
	t.Helper()
	cfg.Database = "postgres"
	execute(t, superuser(t, cfg), statement)
}

// waysToCopy a database on its own server.
var waysToCopy = map[string]func(t *testing.T, original, copied postgres.Config){
	"a template": func(t *testing.T, original, copied postgres.Config) {
		maintain(t, original, `ALTER DATABASE `+original.Database+` ALLOW_CONNECTIONS false`)
		maintain(t, original, `SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE datname = '`+original.Database+`'`)
		maintain(t, original, `CREATE DATABASE `+copied.Database+` TEMPLATE `+original.Database+` OWNER `+original.User)
		maintain(t, original, `ALTER DATABASE `+original.Database+` ALLOW_CONNECTIONS true`)
		maintain(t, copied, `REVOKE TEMP, CREATE ON DATABASE `+copied.Database+` FROM PUBLIC`)
	},
	"a dump and a restore": func(t *testing.T, original, copied postgres.Config) {
		maintain(t, original, `CREATE DATABASE `+copied.Database+` OWNER `+original.User)
		dump := filepath.Join(t.TempDir(), "dump")
		runTool(t, original, "pg_dump", "--format=custom", "--file="+dump, original.Database)
		runTool(t, copied, "pg_restore", "--dbname="+copied.Database, dump)
		maintain(t, copied, `REVOKE TEMP, CREATE ON DATABASE `+copied.Database+` FROM PUBLIC`)
	},
}

// runTool runs one of PostgreSQL's programs as the superuser of the shared server.
func runTool(t testing.TB, cfg postgres.Config, program string, args ...string) {
	t.Helper()
	programs := domain.Must(embeddedpg.FindBinaries())
	realservers.NeedProgram(t, programs, program)
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, program), append([]string{"-h", cfg.Host, "-p", strconv.Itoa(cfg.Port), "-U", "postgres"}, args...)...)
	cmd.Env = []string{"PGPASSWORD=" + server.SuperuserPassword.Reveal()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
}

func TestCopies(t *testing.T) {
	t.Parallel()
	for name, copyTo := range waysToCopy {
		t.Run("of "+name, func(t *testing.T) {
			t.Parallel()
			db, cfg := open(t, withNotes, withPlans)
			acme := makeTenant(t, db, "acme")
			note(t, db, acme, "before")
			keepObject(t, db, acme)
			_ = db.Close() // a template must be at rest
			copied := cfg
			copied.Database += "_copy"
			copyTo(t, cfg, copied)
			db = reopen(t, cfg)

			err := postgres.Setup(t.Context(), copied, func(string) {})
			mustBe(t, err, postgres.CodeCopy)
			mustSay(t, err, "app.SetupCopy", cfg.Database)
			_, err = postgres.Open(t.Context(), copied)
			mustBe(t, err, postgres.CodeCopy)
			found := examine(t, copied)
			mustHave(t, found, "database-copy", doctor.Error, "app.SetupCopy", "database-session")
			if session := found["database-session"]; session.Severity != doctor.OK && !strings.Contains(session.Fix, "app.SetupCopy") {
				t.Errorf("setup is advised, which refuses a copy: %+v", session)
			}

			note(t, db, acme, "the original goes on")
			if report := setUp(t, cfg); report != "" {
				t.Errorf("the original's setup did:\n%s", report)
			}
			mustBe(t, postgres.SetupCopy(t.Context(), cfg, func(string) {}), postgres.CodeCopy)
			mustFind(t, cfg, "database-copy", doctor.Warning, copied.Database)
			keepsRole(t, db, cfg, copied)

			if err := postgres.SetupCopy(t.Context(), copied, func(string) {}); err != nil {
				t.Fatal(err)
			}
			twin := reopen(t, copied)
			note(t, twin, acme, "the copy's own")
			if got := fmt.Sprint(notes(t, twin, acme)); got != "[before the copy's own]" {
				t.Errorf("the copy has %s", got)
			}
			readObject(t, twin, acme)
			readObject(t, db, acme)
			for _, each := range []*postgres.DB{db, twin} {
				note(t, each, makeTenant(t, each, "same"), "same ID, both made")
				note(t, each, acme, "still served")
			}
			for _, each := range []postgres.Config{cfg, copied} {
				mustFind(t, each, "database-copy", doctor.OK, "")
				if report := setUp(t, each); report != "" {
					t.Errorf("another setup did:\n%s", report)
				}
			}
			expireTenant(t, db, cfg, "acme")
		})
	}
	t.Run("a restored one whose original is gone is the installation", func(t *testing.T) {
		t.Parallel()
		db, cfg := open(t, withNotes)
		acme := makeTenant(t, db, "acme")
		_ = db.Close()
		restored := cfg
		restored.Database += "_restored"
		waysToCopy["a template"](t, cfg, restored)
		maintain(t, cfg, `DROP DATABASE `+cfg.Database)
		setUp(t, restored)
		note(t, reopen(t, restored), acme, "served")
		mustFind(t, restored, "database-copy", doctor.OK, "")
	})
	t.Run("a renamed database is the same installation", func(t *testing.T) {
		t.Parallel()
		db, cfg := open(t, withNotes)
		acme := makeTenant(t, db, "acme")
		_ = db.Close()
		renamed := cfg
		renamed.Database += "_renamed"
		maintain(t, cfg, `ALTER DATABASE `+cfg.Database+` RENAME TO `+renamed.Database)
		note(t, reopen(t, renamed), acme, "served")
		setUp(t, renamed)
	})
	t.Run("of an installation that an older release set up, the younger is the copy", func(t *testing.T) {
		t.Parallel()
		db, cfg := open(t, withNotes)
		acme := makeTenant(t, db, "acme")
		_ = db.Close()
		execute(t, superuser(t, cfg), `UPDATE partywall.installation SET database_oid = NULL`)
		copied := cfg
		copied.Database += "_copy"
		waysToCopy["a template"](t, cfg, copied)
		mustBe(t, postgres.Setup(t.Context(), copied, func(string) {}), postgres.CodeCopy)
		setUp(t, cfg)
		note(t, reopen(t, cfg), acme, "served")
	})
	t.Run("without roles nothing is shared", func(t *testing.T) {
		t.Parallel()
		db, cfg := open(t, withNotes, rolesOff)
		acme := makeTenant(t, db, "acme")
		_ = db.Close()
		copied := cfg
		copied.Database += "_copy"
		waysToCopy["a template"](t, cfg, copied)
		setUp(t, copied)
		note(t, reopen(t, copied), acme, "served")
		note(t, reopen(t, cfg), acme, "served")
	})
}

// keepsRole looks at what a sweep, and a creation with the ID of a tenant that broke
// off, say while a copy uses the tenant's role.
func keepsRole(t *testing.T, db *postgres.DB, cfg, copied postgres.Config) {
	t.Helper()
	super := superuser(t, cfg)
	execute(t, super, `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = 'acme'`)
	_, swept := db.Tenants().Sweep(t.Context())
	_, created := db.Tenants().Create(t.Context(), owned(t, "acme"))
	for what, err := range map[string]error{"the sweep": swept, "the creation": created} {
		mustBe(t, err, domain.Internal)
		for _, part := range []string{copied.Database, "set DB_NAME=", "app.SetupCopy"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s doesn't say %q: %v", what, part, err)
			}
		}
	}
	execute(t, super, `UPDATE partywall.tenants SET status = 'active', expires_at = NULL WHERE id = 'acme'`)
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
		if got := query[string](t, tx, `SELECT encode(lo_get(4711), 'escape')`); got != "kept" {
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
	execute(t, superuser(t, cfg), `UPDATE partywall.tenants SET status = 'unclaimed', expires_at = now() WHERE id = $1`, id)
	if swept, err := db.Tenants().Sweep(t.Context()); swept != 1 || err != nil {
		t.Errorf("swept %d: %v", swept, err)
	}
}
