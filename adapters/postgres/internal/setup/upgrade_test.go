package setup_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/ports/doctor"
)

const (
	tableOfNotes = `CREATE TABLE notes (id int, text text)`
	checkedNotes = `ALTER TABLE notes ADD CHECK (text <> 'wrong'); ALTER TABLE notes ADD priority int DEFAULT 1`
)

// mustBeUpgrading fails unless the tenant, and no more than it, is older than the program.
func mustBeUpgrading(t testing.TB, db *postgres.DB, id domain.TenantID) {
	t.Helper()
	_, err := db.Tenants().Probe(t.Context(), id)
	for _, err := range []error{err, db.InTenant(t.Context(), id, nothing)} {
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != domain.Unavailable || e.Code != domain.CodeTenantUpgrading || e.RetryAfter <= 0 || e.Message == "" {
			t.Fatalf("%s: got %v", id, err)
		}
	}
}

func TestATenantThatFailsKeepsNoOther(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	var ids []domain.TenantID
	for i := range 8 {
		ids = append(ids, pgtest.MakeTenant(t, db, fmt.Sprintf("t%d", i)))
		pgtest.Note(t, db, ids[i], "right")
	}
	pgtest.Note(t, db, ids[3], "wrong")
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `DROP SCHEMA tenant_t5 CASCADE`)
	pgtest.WithFiles(tableOfNotes, checkedNotes, `CREATE TABLE more ()`)(&cfg)

	report := pgtest.MustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "2 of 8 tenants", "t3 (migration product/0002_file.sql", "check constraint", "t5 (", "tenant_t5", "app.Setup")
	for _, part := range []string{"brought 6 of 8 tenants", "1 failed: migration product/0002_file.sql failed: pq: check constraint", ": t3", ": t5"} {
		if !strings.Contains(report, part) {
			t.Errorf("the report lacks %q:\n%s", part, report)
		}
	}
	if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), strayTables); n != 0 {
		t.Errorf("%d tables are where they don't belong", n)
	}
	newer := pgtest.Reopen(t, cfg)
	for i, id := range ids {
		if i == 3 || i == 5 {
			mustBeUpgrading(t, newer, id)
			continue
		}
		if err := newer.InTenant(t.Context(), id, pgtest.SetPriorities); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	pgtest.MakeTenant(t, newer, "fresh")
	pgtest.Note(t, db, ids[3], "the older program serves it on")

	status, err := postgres.Migrations(t.Context(), cfg)
	if err != nil || status.Tenants != 9 || status.Wanted.Product != 3 || len(status.Behind) != 2 || status.NewTenants != "" {
		t.Fatalf("got %+v, %v", status, err)
	}
	if b := status.Behind[0]; b.ID != ids[3] || b.Has.Product != 1 || !strings.Contains(b.Failure, "check constraint") || b.Failed.IsZero() {
		t.Errorf("got %+v", b)
	}
	pgtest.MustFind(t, cfg, "tenant-versions", doctor.Error, "t3 has partywall/0 and product/1, since migration product/0002_file.sql", "tenant-schemas")

	if logged := logOfOpening(t, cfg); !strings.Contains(logged, "level=WARN") || !strings.Contains(logged, "2 of 9 tenants are behind") || !strings.Contains(logged, "t3 has partywall/0") || !strings.Contains(logged, "app.Setup") {
		t.Errorf("the log says %q", logged)
	}

	pgtest.MustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "2 of 9 tenants are behind")

	pgtest.Execute(t, pgtest.Superuser(t, cfg), `DELETE FROM tenant_t3.notes WHERE text = 'wrong'; CREATE SCHEMA tenant_t5 AUTHORIZATION `+cfg.User+`; CREATE TABLE tenant_t5.notes (id int, text text); ALTER TABLE tenant_t5.notes OWNER TO `+cfg.User)
	if report := pgtest.SetUp(t, cfg); !strings.Contains(report, "brought 2 of 9 tenants") {
		t.Errorf("it said:\n%s", report)
	}
	if status, err = postgres.Migrations(t.Context(), cfg); err != nil || len(status.Behind) != 0 {
		t.Errorf("got %+v, %v", status, err)
	}
	if logged := logOfOpening(t, cfg); logged != "" {
		t.Errorf("the log says %q", logged)
	}
	if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT count(*) FROM partywall.migration_failures`); n != 0 {
		t.Errorf("%d failures are remembered", n)
	}
	if err := newer.InTenant(t.Context(), ids[3], pgtest.SetPriorities); err != nil {
		t.Errorf("a program that runs doesn't see it: %v", err)
	}
}

// logOfOpening is what a program logs when it begins to serve.
func logOfOpening(t *testing.T, cfg postgres.Config) string {
	t.Helper()
	var log strings.Builder
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	db, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Close()
	return log.String()
}

func TestATenantWhoseTablesAreInUse(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	busy, idle := pgtest.MakeTenant(t, db, "busy"), pgtest.MakeTenant(t, db, "idle")
	held := func(t *testing.T) (release func()) {
		t.Helper()
		tx, err := pgtest.Superuser(t, cfg).Beginx()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`SELECT * FROM tenant_busy.notes`); err != nil {
			t.Fatal(err)
		}
		return func() { _ = tx.Rollback() }
	}
	pgtest.WithFiles(tableOfNotes, checkedNotes)(&cfg)
	t.Run("is named when the patience ends, after all others have the migration", func(t *testing.T) {
		defer held(t)()
		cfg := cfg
		cfg.MigrationPatience = time.Millisecond
		pgtest.MustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "busy (migration product/0002_file.sql", "lock timeout", "locks are held by session ", " of postgres: ", "app.Setup")
		newer := pgtest.Reopen(t, cfg)
		mustBeUpgrading(t, newer, busy)
		if err := newer.InTenant(t.Context(), idle, pgtest.SetPriorities); err != nil {
			t.Error(err)
		}
	})
	t.Run("is tried again until they are free", func(t *testing.T) {
		release := held(t)
		tried := make(chan bool)
		var once sync.Once
		var done sync.WaitGroup
		done.Go(func() {
			<-tried
			release()
		})
		err := postgres.Setup(t.Context(), cfg, func(line string) {
			if strings.Contains(line, "1 wait for a lock") {
				once.Do(func() { close(tried) })
			}
		}, postgres.OnSetupProgress(time.Millisecond, nil))
		once.Do(func() { close(tried); t.Error("its progress doesn't show that it waits") })
		done.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if err := pgtest.Reopen(t, cfg).InTenant(t.Context(), busy, pgtest.SetPriorities); err != nil {
			t.Error(err)
		}
	})
}

func TestAConnectionThatEndsInAFile(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	pgtest.MakeTenant(t, db, "acme")
	pgtest.MakeTenant(t, db, "rival")
	pgtest.WithFiles(tableOfNotes, `DO $$ BEGIN IF current_schema() = 'tenant_acme' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$`)(&cfg)
	err := postgres.Setup(t.Context(), cfg, func(string) {})
	pgtest.MustBe(t, err, domain.CodeDatabaseUnavailable)
	for _, part := range []string{"tenant acme", "product/0002_file.sql"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v doesn't say %s", err, part)
		}
	}
}

// TestAFailureOfAFilesOwn is about SQLSTATEs that elsewhere mean that the database
// can't be used: a file may raise any.
func TestAFailureOfAFilesOwn(t *testing.T) {
	t.Parallel()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	pgtest.MakeTenant(t, db, "acme")
	for _, state := range []string{"08006", "53300", "57014", "57P01", "58030", "25006", "42501", "23505"} {
		pgtest.WithFiles(tableOfNotes, `DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '`+state+`'; END $$`)(&cfg)
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0002_file.sql", "on purpose", state)
		pgtest.WithFiles(tableOfNotes, `DO $$ BEGIN IF current_schema() = 'tenant_acme' THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '`+state+`'; END IF; END $$`)(&cfg)
		cfg := cfg
		cfg.TenantMigrations = pgtest.Files(tableOfNotes, `SELECT 'of `+state+`'; DO $$ BEGIN IF current_schema() = 'tenant_acme' THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '`+state+`'; END IF; END $$`)
		pgtest.MustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "acme (migration product/0002_file.sql", "on purpose")
	}
}

func TestFilesThatNoNewTenantCanHave(t *testing.T) {
	t.Parallel()
	once := `CREATE TABLE notes (id int, text text); INSERT INTO shared.names SELECT name FROM shared.wanted`
	db, cfg := pgtest.Open(t, pgtest.WithFiles(once), func(cfg *postgres.Config) {
		cfg.SharedMigrations = pgtest.Files(`CREATE TABLE names (name text PRIMARY KEY); CREATE TABLE wanted (name text)`)
	})
	pgtest.Execute(t, pgtest.Superuser(t, cfg), `INSERT INTO shared.wanted VALUES ('taken')`)
	acme := pgtest.MakeTenant(t, db, "acme")
	if _, err := db.Tenants().Create(t.Context(), pgtest.Creation(t, "rival")); !errors.Is(err, postgres.CodeMigrationFailed) {
		t.Fatalf("got %v", err)
	}
	pgtest.WithFiles(once, checkedNotes)(&cfg)
	pgtest.MustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "no tenant can be made: migration product/0001_file.sql", "duplicate key")
	if err := pgtest.Reopen(t, cfg).InTenant(t.Context(), acme, pgtest.SetPriorities); err != nil {
		t.Errorf("setup didn't go on: %v", err)
	}
	status, err := postgres.Migrations(t.Context(), cfg)
	if err != nil || !strings.Contains(status.NewTenants, "product/0001_file.sql") {
		t.Errorf("got %+v, %v", status, err)
	}
	pgtest.MustFind(t, cfg, "new-tenants", doctor.Error, "no tenant can be made: migration product/0001_file.sql")

	pgtest.Execute(t, pgtest.Superuser(t, cfg), `TRUNCATE shared.wanted`)
	pgtest.SetUp(t, cfg)
	pgtest.MustFind(t, cfg, "new-tenants", doctor.OK, "made a tenant")
	pgtest.MakeTenant(t, pgtest.Reopen(t, cfg), "rival")
}

func TestTheTrialLeavesNothing(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes), func(cfg *postgres.Config) {
		cfg.SharedMigrations = pgtest.Files(`CREATE TABLE names (name text)`)
	})
	pgtest.WithFiles(tableOfNotes, `INSERT INTO shared.names SELECT current_schema(); CREATE TABLE more (name text); SELECT lo_create(0)`)(&cfg)
	pgtest.SetUp(t, cfg)
	super := pgtest.Superuser(t, cfg)
	for what, statement := range map[string]string{
		"rows of others":  `SELECT count(*) FROM shared.names`,
		"tenants":         `SELECT count(*) FROM partywall.tenants`,
		"schemas":         `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant%'`,
		"roles":           `SELECT count(*) FROM pg_roles, partywall.installation WHERE rolname LIKE 'pw\_' || inst || '\_t\_%'`,
		"records":         `SELECT count(*) FROM partywall.migrations WHERE tenant <> ''`,
		"large objects":   `SELECT count(*) FROM pg_largeobject_metadata`,
		"open statements": `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'`,
	} {
		if n := pgtest.Query[int](t, super, statement); n != 0 {
			t.Errorf("%d %s are left", n, what)
		}
	}
	t.Run("a role that doesn't reach its schema is found", func(t *testing.T) {
		pgtest.WithFiles(tableOfNotes, `INSERT INTO shared.names SELECT current_schema(); CREATE TABLE more (name text); SELECT lo_create(0)`,
			`DO $$ BEGIN EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', current_schema(), (SELECT 'pw_' || inst || '_t_' || substr(current_schema(), 8) FROM partywall.installation)); END $$`)(&cfg)
		pgtest.MustFailSetup(t, cfg, postgres.CodeMigrationFailed, "USAGE")
	})
}

// TestColumnsThatAnOlderProgramLeftBehind is about tenants that a program made that
// lacks the columns.
func TestColumnsThatAnOlderProgramLeftBehind(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(*testing.T, *postgres.DB, domain.TenantID) error{
		"InTenant": func(t *testing.T, db *postgres.DB, id domain.TenantID) error {
			return db.InTenant(t.Context(), id, nothing)
		},
		"Clock": func(t *testing.T, db *postgres.DB, id domain.TenantID) error {
			_, err := db.Tenants().Probe(t.Context(), id)
			return err
		},
	} {
		t.Run("are healed by "+name, func(t *testing.T) {
			db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes, checkedNotes))
			acme := pgtest.MakeTenant(t, db, "acme")
			super := pgtest.Superuser(t, cfg)
			const columns = `SELECT version FROM partywall.tenants`
			if n := pgtest.Query[int](t, super, columns); n != 2 {
				t.Errorf("a new tenant has %d", n)
			}
			pgtest.Execute(t, super, `UPDATE partywall.tenants SET version = 0`)
			pgtest.MustFind(t, cfg, "tenant-versions", doctor.OK, "all tenants")
			if err := look(t, db, acme); err != nil {
				t.Fatal(err)
			}
			if n := pgtest.Query[int](t, super, columns); n != 2 {
				t.Errorf("it has %d", n)
			}
			pgtest.Execute(t, super, `UPDATE partywall.tenants SET version = 0, status = 'suspended'`)
			pgtest.MustBe(t, look(t, db, acme), domain.CodeTenantNotFound)
			pgtest.Execute(t, super, `UPDATE partywall.tenants SET status = 'active'; DELETE FROM partywall.migrations WHERE set = 'product' AND number = 2`)
			mustBeUpgrading(t, db, acme)
			pgtest.Execute(t, super, `UPDATE partywall.tenants SET version = 99`)
			if err := look(t, db, acme); err != nil {
				t.Errorf("a tenant that is ahead isn't served: %v", err)
			}
		})
	}
	t.Run("are healed by setup", func(t *testing.T) {
		db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes, checkedNotes))
		pgtest.MakeTenant(t, db, "acme")
		pgtest.Execute(t, pgtest.Superuser(t, cfg), `UPDATE partywall.tenants SET version = 0`)
		pgtest.SetUp(t, cfg)
		if n := pgtest.Query[int](t, pgtest.Superuser(t, cfg), `SELECT version FROM partywall.tenants`); n != 2 {
			t.Errorf("it has %d", n)
		}
	})
}

func TestWhatHasNoPlaceAmongTheExtensions(t *testing.T) {
	t.Parallel()
	_, cfg := pgtest.Open(t, func(cfg *postgres.Config) {
		cfg.SharedMigrations = pgtest.Files(`CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext`)
	})
	pgtest.MustFind(t, cfg, "extension-schema", doctor.OK, "nothing else")
	super := pgtest.Superuser(t, cfg)
	for thing, drop := range map[string]string{
		"TABLE ext.lost (id serial PRIMARY KEY)":                             "TABLE ext.lost",
		"VIEW ext.lost AS SELECT 1":                                          "VIEW ext.lost",
		"FUNCTION ext.lost() RETURNS int LANGUAGE sql AS 'SELECT 1'":         "FUNCTION ext.lost()",
		"TYPE ext.lost AS ENUM ('a')":                                        "TYPE ext.lost",
		"DOMAIN ext.lost AS int":                                             "DOMAIN ext.lost",
		"SEQUENCE ext.lost":                                                  "SEQUENCE ext.lost",
		"OPERATOR ext.## (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)": "OPERATOR ext.## (int, int)",
	} {
		pgtest.Execute(t, super, "CREATE "+thing)
		pgtest.MustFind(t, cfg, "extension-schema", doctor.Error, "ext.", "database-user") // what is lost there belongs to another user
		pgtest.Execute(t, super, "DROP "+drop)
	}
	pgtest.MustFind(t, cfg, "extension-schema", doctor.OK, "nothing else")
}

// nothing is the function of a scope that only opens and ends it.
func nothing(context.Context, *sqlx.Tx) error { return nil }
