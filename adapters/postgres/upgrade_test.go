package postgres_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/partywall-go/partywall/adapters/postgres"
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
	_, err := db.Tenants().Clock(t.Context(), id)
	for _, err := range []error{err, db.InTenant(t.Context(), id, nothing)} {
		e, ok := errors.AsType[*domain.Error](err)
		if !ok || e.Kind != domain.Unavailable || e.Code != domain.CodeTenantUpgrading || e.RetryAfter <= 0 || e.Message == "" {
			t.Fatalf("%s: got %v", id, err)
		}
	}
}

func TestATenantThatFailsKeepsNoOther(t *testing.T) {
	t.Parallel()
	db, cfg := open(t, withFiles(tableOfNotes))
	var ids []domain.TenantID
	for i := range 8 {
		ids = append(ids, makeTenant(t, db, fmt.Sprintf("t%d", i)))
		note(t, db, ids[i], "right")
	}
	note(t, db, ids[3], "wrong")
	execute(t, superuser(t, cfg), `DROP SCHEMA tenant_t5 CASCADE`)
	withFiles(tableOfNotes, checkedNotes, `CREATE TABLE more ()`)(&cfg)

	report := mustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "2 of 8 tenants", "t3 (migration product/0002_file.sql", "check constraint", "t5 (", "tenant_t5", "app.Setup")
	for _, part := range []string{"brought 6 of 8 tenants", "tenant t3 failed: migration product/0002_file.sql", "tenant t5 failed"} {
		if !strings.Contains(report, part) {
			t.Errorf("the report lacks %q:\n%s", part, report)
		}
	}
	if n := query[int](t, superuser(t, cfg), strayTables); n != 0 {
		t.Errorf("%d tables are where they don't belong", n)
	}
	newer := reopen(t, cfg)
	for i, id := range ids {
		if i == 3 || i == 5 {
			mustBeUpgrading(t, newer, id)
			continue
		}
		if err := newer.InTenant(t.Context(), id, priorities); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	makeTenant(t, newer, "fresh")
	note(t, db, ids[3], "the older program serves it on")

	status, err := postgres.Migrations(t.Context(), cfg)
	if err != nil || status.Tenants != 9 || status.Wanted.Product != 3 || len(status.Behind) != 2 || status.NewTenants != "" {
		t.Fatalf("got %+v, %v", status, err)
	}
	if b := status.Behind[0]; b.ID != ids[3] || b.Has.Product != 1 || !strings.Contains(b.Failure, "check constraint") || b.Failed.IsZero() {
		t.Errorf("got %+v", b)
	}
	mustFind(t, cfg, "tenant-versions", doctor.Error, "t3 has partywall/0 and product/1, since migration product/0002_file.sql", "tenant-schemas")

	if logged := logOfOpening(t, cfg); !strings.Contains(logged, "level=WARN") || !strings.Contains(logged, "2 of 9 tenants are behind") || !strings.Contains(logged, "t3 has partywall/0") || !strings.Contains(logged, "app.Setup") {
		t.Errorf("the log says %q", logged)
	}

	mustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "2 of 9 tenants are behind")

	execute(t, superuser(t, cfg), `DELETE FROM tenant_t3.notes WHERE text = 'wrong'; CREATE SCHEMA tenant_t5 AUTHORIZATION `+cfg.User+`; CREATE TABLE tenant_t5.notes (id int, text text); ALTER TABLE tenant_t5.notes OWNER TO `+cfg.User)
	if report := setUp(t, cfg); !strings.Contains(report, "brought 2 of 9 tenants") {
		t.Errorf("it said:\n%s", report)
	}
	if status, err = postgres.Migrations(t.Context(), cfg); err != nil || len(status.Behind) != 0 {
		t.Errorf("got %+v, %v", status, err)
	}
	if logged := logOfOpening(t, cfg); logged != "" {
		t.Errorf("the log says %q", logged)
	}
	if n := query[int](t, superuser(t, cfg), `SELECT count(*) FROM partywall.migration_failures`); n != 0 {
		t.Errorf("%d failures are remembered", n)
	}
	if err := newer.InTenant(t.Context(), ids[3], priorities); err != nil {
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
	db, cfg := open(t, withFiles(tableOfNotes))
	busy, idle := makeTenant(t, db, "busy"), makeTenant(t, db, "idle")
	held := func(t *testing.T) (release func()) {
		t.Helper()
		tx, err := superuser(t, cfg).Beginx()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`SELECT * FROM tenant_busy.notes`); err != nil {
			t.Fatal(err)
		}
		return func() { _ = tx.Rollback() }
	}
	withFiles(tableOfNotes, checkedNotes)(&cfg)
	t.Run("is named when patience ends, after all others are through", func(t *testing.T) {
		defer held(t)()
		cfg := cfg
		cfg.MigrationPatience = time.Millisecond
		mustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "busy (migration product/0002_file.sql", "lock timeout", "locks are held by session ", " of postgres: ", "app.Setup")
		newer := reopen(t, cfg)
		mustBeUpgrading(t, newer, busy)
		if err := newer.InTenant(t.Context(), idle, priorities); err != nil {
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
		err := postgres.SetupEvery(t.Context(), cfg, 0, func(line string) {
			if strings.Contains(line, "1 wait for a lock") {
				once.Do(func() { close(tried) })
			}
		})
		once.Do(func() { close(tried); t.Error("its progress doesn't show that it waits") })
		done.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if err := reopen(t, cfg).InTenant(t.Context(), busy, priorities); err != nil {
			t.Error(err)
		}
	})
}

func TestAConnectionThatEndsInAFile(t *testing.T) {
	t.Parallel()
	db, cfg := open(t, withFiles(tableOfNotes))
	makeTenant(t, db, "acme")
	makeTenant(t, db, "rival")
	withFiles(tableOfNotes, `DO $$ BEGIN IF current_schema() = 'tenant_acme' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$`)(&cfg)
	err := postgres.Setup(t.Context(), cfg, func(string) {})
	mustBe(t, err, domain.CodeDatabaseUnavailable)
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
	db, cfg := open(t, withFiles(tableOfNotes))
	makeTenant(t, db, "acme")
	for _, state := range []string{"08006", "53300", "57014", "57P01", "58030", "25006", "42501", "23505"} {
		withFiles(tableOfNotes, `DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '`+state+`'; END $$`)(&cfg)
		mustFailSetup(t, cfg, postgres.CodeMigrationFailed, "product/0002_file.sql", "on purpose", state)
		withFiles(tableOfNotes, `DO $$ BEGIN IF current_schema() = 'tenant_acme' THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '`+state+`'; END IF; END $$`)(&cfg)
		cfg := cfg
		cfg.TenantMigrations = files(tableOfNotes, `SELECT 'of `+state+`'; DO $$ BEGIN IF current_schema() = 'tenant_acme' THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '`+state+`'; END IF; END $$`)
		mustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "acme (migration product/0002_file.sql", "on purpose")
	}
}

func TestFilesThatNoNewTenantCanHave(t *testing.T) {
	t.Parallel()
	once := `CREATE TABLE notes (id int, text text); INSERT INTO shared.names SELECT name FROM shared.wanted`
	db, cfg := open(t, withFiles(once), func(cfg *postgres.Config) {
		cfg.SharedMigrations = files(`CREATE TABLE names (name text PRIMARY KEY); CREATE TABLE wanted (name text)`)
	})
	execute(t, superuser(t, cfg), `INSERT INTO shared.wanted VALUES ('taken')`)
	acme := makeTenant(t, db, "acme")
	if _, err := db.Tenants().Create(t.Context(), owned(t, "rival")); !errors.Is(err, postgres.CodeMigrationFailed) {
		t.Fatalf("got %v", err)
	}
	withFiles(once, checkedNotes)(&cfg)
	mustFailSetup(t, cfg, postgres.CodeSetupIncomplete, "no tenant can be made: migration product/0001_file.sql", "duplicate key")
	if err := reopen(t, cfg).InTenant(t.Context(), acme, priorities); err != nil {
		t.Errorf("setup didn't go on: %v", err)
	}
	status, err := postgres.Migrations(t.Context(), cfg)
	if err != nil || !strings.Contains(status.NewTenants, "product/0001_file.sql") {
		t.Errorf("got %+v, %v", status, err)
	}
	mustFind(t, cfg, "new-tenants", doctor.Error, "no tenant can be made: migration product/0001_file.sql")

	execute(t, superuser(t, cfg), `TRUNCATE shared.wanted`)
	setUp(t, cfg)
	mustFind(t, cfg, "new-tenants", doctor.OK, "made a tenant")
	makeTenant(t, reopen(t, cfg), "rival")
}

func TestTheTrialLeavesNothing(t *testing.T) {
	t.Parallel()
	_, cfg := open(t, withFiles(tableOfNotes), func(cfg *postgres.Config) {
		cfg.SharedMigrations = files(`CREATE TABLE names (name text)`)
	})
	withFiles(tableOfNotes, `INSERT INTO shared.names SELECT current_schema(); CREATE TABLE more (name text); SELECT lo_create(0)`)(&cfg)
	setUp(t, cfg)
	super := superuser(t, cfg)
	for what, statement := range map[string]string{
		"rows of others":  `SELECT count(*) FROM shared.names`,
		"tenants":         `SELECT count(*) FROM partywall.tenants`,
		"schemas":         `SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'tenant%'`,
		"roles":           `SELECT count(*) FROM pg_roles, partywall.installation WHERE rolname LIKE 'pw\_' || inst || '\_t\_%'`,
		"records":         `SELECT count(*) FROM partywall.migrations WHERE tenant <> ''`,
		"large objects":   `SELECT count(*) FROM pg_largeobject_metadata`,
		"open statements": `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'`,
	} {
		if n := query[int](t, super, statement); n != 0 {
			t.Errorf("%d %s are left", n, what)
		}
	}
	t.Run("a role that doesn't reach its schema is found", func(t *testing.T) {
		withFiles(tableOfNotes, `INSERT INTO shared.names SELECT current_schema(); CREATE TABLE more (name text); SELECT lo_create(0)`,
			`DO $$ BEGIN EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', current_schema(), (SELECT 'pw_' || inst || '_t_' || substr(current_schema(), 8) FROM partywall.installation)); END $$`)(&cfg)
		mustFailSetup(t, cfg, postgres.CodeMigrationFailed, "USAGE")
	})
}

// TestColumnsThatAnOlderProgramLeftBehind is about tenants that a program made that
// doesn't know the columns.
func TestColumnsThatAnOlderProgramLeftBehind(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(*testing.T, *postgres.DB, domain.TenantID) error{
		"InTenant": func(t *testing.T, db *postgres.DB, id domain.TenantID) error {
			return db.InTenant(t.Context(), id, nothing)
		},
		"Clock": func(t *testing.T, db *postgres.DB, id domain.TenantID) error {
			_, err := db.Tenants().Clock(t.Context(), id)
			return err
		},
	} {
		t.Run("are healed by "+name, func(t *testing.T) {
			db, cfg := open(t, withFiles(tableOfNotes, checkedNotes))
			acme := makeTenant(t, db, "acme")
			super := superuser(t, cfg)
			const columns = `SELECT version FROM partywall.tenants`
			if n := query[int](t, super, columns); n != 2 {
				t.Errorf("a new tenant has %d", n)
			}
			execute(t, super, `UPDATE partywall.tenants SET version = 0`)
			mustFind(t, cfg, "tenant-versions", doctor.OK, "all tenants")
			if err := look(t, db, acme); err != nil {
				t.Fatal(err)
			}
			if n := query[int](t, super, columns); n != 2 {
				t.Errorf("it has %d", n)
			}
			execute(t, super, `UPDATE partywall.tenants SET version = 0, status = 'suspended'`)
			mustBe(t, look(t, db, acme), domain.CodeTenantNotFound)
			execute(t, super, `UPDATE partywall.tenants SET status = 'active'; DELETE FROM partywall.migrations WHERE set = 'product' AND number = 2`)
			mustBeUpgrading(t, db, acme)
			execute(t, super, `UPDATE partywall.tenants SET version = 99`)
			if err := look(t, db, acme); err != nil {
				t.Errorf("a tenant that is ahead isn't served: %v", err)
			}
		})
	}
	t.Run("are healed by setup", func(t *testing.T) {
		db, cfg := open(t, withFiles(tableOfNotes, checkedNotes))
		makeTenant(t, db, "acme")
		execute(t, superuser(t, cfg), `UPDATE partywall.tenants SET version = 0`)
		setUp(t, cfg)
		if n := query[int](t, superuser(t, cfg), `SELECT version FROM partywall.tenants`); n != 2 {
			t.Errorf("it has %d", n)
		}
	})
}

func TestWhatHasNoPlaceAmongTheExtensions(t *testing.T) {
	t.Parallel()
	_, cfg := open(t, func(cfg *postgres.Config) {
		cfg.SharedMigrations = files(`CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext`)
	})
	mustFind(t, cfg, "extension-schema", doctor.OK, "nothing else")
	super := superuser(t, cfg)
	for thing, drop := range map[string]string{
		"TABLE ext.lost (id serial PRIMARY KEY)":                             "TABLE ext.lost",
		"VIEW ext.lost AS SELECT 1":                                          "VIEW ext.lost",
		"FUNCTION ext.lost() RETURNS int LANGUAGE sql AS 'SELECT 1'":         "FUNCTION ext.lost()",
		"TYPE ext.lost AS ENUM ('a')":                                        "TYPE ext.lost",
		"DOMAIN ext.lost AS int":                                             "DOMAIN ext.lost",
		"SEQUENCE ext.lost":                                                  "SEQUENCE ext.lost",
		"OPERATOR ext.## (FUNCTION = int4pl, LEFTARG = int, RIGHTARG = int)": "OPERATOR ext.## (int, int)",
	} {
		execute(t, super, "CREATE "+thing)
		mustFind(t, cfg, "extension-schema", doctor.Error, "ext.", "database-user") // what is lost there belongs to another user
		execute(t, super, "DROP "+drop)
	}
	mustFind(t, cfg, "extension-schema", doctor.OK, "nothing else")
}
