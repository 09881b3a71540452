package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/postgres"
	"github.com/partywall-go/partywall/adapters/postgres/internal/fleet"
	"github.com/partywall-go/partywall/adapters/postgres/internal/pgtest"
	"github.com/partywall-go/partywall/adapters/postgres/internal/schema"
	"github.com/partywall-go/partywall/domain"
)

// installation is one whose tenants are behind by the files that its configuration
// has.
type installation struct {
	cfg  postgres.Config
	sets []schema.Set
	db   *sqlx.DB // the superuser's
	ids  []domain.TenantID
}

// behind makes tenants that have the table of notes, and lack the files.
func behind(t *testing.T, tenants int, files ...string) installation {
	t.Helper()
	db, cfg := pgtest.Open(t, pgtest.WithFiles(tableOfNotes))
	in := installation{db: pgtest.Superuser(t, cfg)}
	for i := range tenants {
		in.ids = append(in.ids, pgtest.MakeTenant(t, db, fmt.Sprintf("t%02d", i)))
	}
	pgtest.WithFiles(append([]string{tableOfNotes}, files...)...)(&cfg)
	publish(t, cfg)
	in.cfg = domain.Must(cfg.WithDefaults())
	in.sets = domain.Must(schema.LoadSets(in.cfg)).Tenant
	return in
}

func (in installation) run(t *testing.T, o fleet.Options) fleet.Report {
	t.Helper()
	report, err := fleet.Run(t.Context(), in.cfg, in.sets, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// applied returns how many tenants have the product's file, each once.
func (in installation) applied(t *testing.T, number int) int {
	t.Helper()
	return pgtest.Query[int](t, in.db, `SELECT count(*) FROM partywall.migrations m JOIN partywall.tenants t ON t.id = m.tenant
		WHERE m.set = 'product' AND m.number = $1 AND t.version >= $1`, number)
}

const addNote = `INSERT INTO notes VALUES (1, 'from a file')`

// slowly takes a while, so that runs meet.
const slowly = `SELECT pg_sleep(0.02); ` + addNote

func TestTwoRunnersShareTheWork(t *testing.T) {
	t.Parallel()
	in := behind(t, 20, slowly, `ALTER TABLE notes ADD priority int`)
	reports := make([]fleet.Report, 2)
	var runners sync.WaitGroup
	for i := range reports {
		runners.Go(func() {
			var err error
			if reports[i], err = fleet.Run(t.Context(), in.cfg, in.sets, fleet.Options{Workers: 3}); err != nil {
				t.Error(err)
			}
		})
	}
	runners.Wait()
	for _, report := range reports {
		if len(report.Failures) > 0 || report.Brought != report.Behind {
			t.Errorf("got %+v", report)
		}
	}
	in.mustHaveOneNoteEach(t)
	if n := in.applied(t, 3); n != 20 {
		t.Errorf("%d tenants are at the newest version", n)
	}
}

func (in installation) mustHaveOneNoteEach(t *testing.T) {
	t.Helper()
	for _, id := range in.ids {
		if n := pgtest.Query[int](t, in.db, `SELECT count(*) FROM "tenant_`+id.String()+`".notes`); n != 1 {
			t.Errorf("%s has %d notes", id, n)
		}
	}
}

func TestTenantsThatFailAreGroupedByReason(t *testing.T) {
	t.Parallel()
	in := behind(t, 12, addNote+`; ALTER TABLE notes ADD CHECK (text <> 'wrong')`)
	for _, id := range []string{"t03", "t07", "t11"} {
		pgtest.Execute(t, in.db, `INSERT INTO tenant_`+id+`.notes VALUES (2, 'wrong')`)
	}
	pgtest.Execute(t, in.db, `DROP SCHEMA tenant_t05 CASCADE; DROP SCHEMA tenant_t06 CASCADE`)
	report := in.run(t, fleet.Options{})
	if report.Tenants != 12 || report.Behind != 12 || report.Brought != 7 || len(report.Failures) != 5 {
		t.Errorf("got %+v", report)
	}
	var lines []string
	for _, group := range report.Groups() {
		lines = append(lines, group.String())
	}
	for i, parts := range [][]string{{"3 failed: migration product/0002_file.sql failed", "check constraint", ": t03, t07, t11"}, {"2 failed: ", "the schema tenant_{id} is missing", ": t05, t06"}} {
		for _, part := range parts {
			if len(lines) != 2 || !strings.Contains(lines[i], part) {
				t.Errorf("%q lacks %q", lines, part)
			}
		}
	}

	pgtest.Execute(t, in.db, `DELETE FROM tenant_t03.notes`)
	if report := in.run(t, fleet.Options{Failed: true}); report.Behind != 5 || report.Brought != 1 || len(report.Failures) != 4 {
		t.Errorf("retry: got %+v", report)
	}
	pgtest.Execute(t, in.db, `DELETE FROM partywall.migration_failures WHERE tenant = 't07'`)
	if report := in.run(t, fleet.Options{Failed: true}); report.Behind != 3 {
		t.Errorf("retry tries %d tenants, also some that have not failed", report.Behind)
	}
}

// TestACommitThatFails is about a check that is deferred to the commit: the failure
// names the file all the same.
func TestACommitThatFails(t *testing.T) {
	t.Parallel()
	in := behind(t, 2, `CREATE TABLE parents (id int PRIMARY KEY); ALTER TABLE notes ADD FOREIGN KEY (id) REFERENCES parents DEFERRABLE INITIALLY DEFERRED NOT VALID;
		INSERT INTO notes SELECT 7, 'an orphan' WHERE current_schema() = 'tenant_t01'`)
	report := in.run(t, fleet.Options{})
	if report.Brought != 1 || len(report.Failures) != 1 || !strings.Contains(report.Failures[0].Reason, "product/0002_file.sql failed: pq: insert or update on table") {
		t.Errorf("got %+v", report)
	}
}

func TestTheFirstFailureStopsARun(t *testing.T) {
	t.Parallel()
	in := behind(t, 10, `DO $$ BEGIN IF starts_with(current_schema(), 'tenant_t') THEN RAISE 'on purpose'; END IF; END $$`)
	report := in.run(t, fleet.Options{StopOnError: true, Workers: 1})
	if len(report.Failures) != 1 || report.Brought != 0 || in.applied(t, 2) != 0 {
		t.Errorf("got %+v", report)
	}
	if n := pgtest.Query[int](t, in.db, `SELECT count(*) FROM partywall.migration_failures`); n != 1 {
		t.Errorf("%d failures are stored", n)
	}
}

func TestACanary(t *testing.T) {
	t.Parallel()
	in := behind(t, 9, addNote)
	if report := in.run(t, fleet.Options{Canary: 0.25}); report.Behind != 9 || report.Brought != 3 || in.applied(t, 2) != 3 {
		t.Errorf("got %+v", report)
	}
	if report := in.run(t, fleet.Options{}); report.Behind != 6 || report.Brought != 6 {
		t.Errorf("the rest: got %+v", report)
	}
	in.mustHaveOneNoteEach(t)
	if report := in.run(t, fleet.Options{Canary: 1}); report.Behind != 0 || report.Brought != 0 {
		t.Errorf("with nothing to do: got %+v", report)
	}
}

// TestABusyTenantWaits holds a tenant's table: the others come first, its own traffic
// is not held up, and it is migrated once the table is free.
func TestABusyTenantWaits(t *testing.T) {
	t.Parallel()
	in := behind(t, 4, `ALTER TABLE notes ADD priority int`)
	tx := domain.Must(in.db.Beginx())
	defer func() { _ = tx.Rollback() }()
	_ = domain.Must(tx.ExecContext(t.Context(), `SELECT * FROM tenant_t02.notes`))
	waiting := make(chan bool)
	var once sync.Once
	done := make(chan fleet.Report)
	go func() {
		report, err := fleet.Run(t.Context(), in.cfg, in.sets, fleet.Options{Workers: 2, Every: time.Millisecond, Progress: func(p fleet.Progress) {
			if p.Brought == 3 && p.Waiting == 1 {
				once.Do(func() { close(waiting) })
			}
		}})
		if err != nil {
			t.Error(err)
		}
		done <- report
	}()
	<-waiting
	_ = tx.Rollback()
	if report := <-done; report.Brought != 4 || len(report.Failures) > 0 {
		t.Errorf("got %+v", report)
	}

	tx = domain.Must(in.db.Beginx())
	_ = domain.Must(tx.ExecContext(t.Context(), `SELECT FROM partywall.migration_leases WHERE tenant = 't01' FOR UPDATE`))
	pgtest.Execute(t, in.db, `UPDATE partywall.tenants SET version = 1`)
	report := in.run(t, fleet.Options{Patience: time.Millisecond})
	if len(report.Failures) != 1 || report.Brought != 3 || !strings.Contains(report.Failures[0].Reason, "another runner") {
		t.Errorf("while another runner has a tenant: got %+v", report)
	}
}

// TestARunThatBreaksOff ends connections in the middle, again and again. The next run
// goes on: no tenant gets a file twice, and none half of it.
func TestARunThatBreaksOff(t *testing.T) {
	t.Parallel()
	in := behind(t, 20, interrupted...)
	broken := 0
	for {
		breaking, stop := context.WithCancel(t.Context())
		var breaker sync.WaitGroup
		breaker.Go(func() {
			for breaking.Err() == nil && broken < 8 {
				time.Sleep(60 * time.Millisecond)
				_, _ = in.db.ExecContext(breaking, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = $1`, in.cfg.User)
			}
		})
		report, err := fleet.Run(t.Context(), in.cfg, in.sets, fleet.Options{Workers: 3})
		stop()
		breaker.Wait()
		if err == nil {
			if len(report.Failures) > 0 {
				t.Errorf("got %+v", report)
			}
			break
		}
		if !schema.Lost(err) {
			t.Fatalf("the run ended with %v", err)
		}
		broken++
	}
	if broken == 0 {
		t.Error("no run broke off")
	}
	in.mustBeWhole(t)
}

func TestATenantThatIsPurgedNeedsNoMigration(t *testing.T) {
	t.Parallel()
	in := behind(t, 2, addNote)
	pgtest.Execute(t, in.db, `UPDATE partywall.tenants SET status = 'purging' WHERE id = 't01'`)
	if status, err := postgres.Migrations(t.Context(), in.cfg); err != nil || len(status.Behind) != 1 {
		t.Errorf("got %+v, %v", status, err)
	}
	if report := in.run(t, fleet.Options{}); report.Behind != 1 || report.Brought != 1 || len(report.Failures) > 0 {
		t.Errorf("got %+v", report)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for field, o := range map[string]fleet.Options{
		"workers": {Workers: -1}, "lockTimeout": {LockTimeout: -1}, "patience": {Patience: time.Microsecond}, "canary": {Canary: 1.1},
	} {
		_, err := fleet.Run(t.Context(), postgres.Config{}, nil, o)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

// TestOptionsThatNoRunHas lists numbers that a program computes by mistake, such as a share
// of no tenants.
func TestOptionsThatNoRunHas(t *testing.T) {
	t.Parallel()
	in := behind(t, 1, addNote)
	for field, o := range map[string]fleet.Options{
		"canary":      {Canary: math.NaN()},
		"every":       {Every: -time.Second, Progress: func(fleet.Progress) {}},
		"workers":     {Workers: -1},
		"lockTimeout": {LockTimeout: time.Microsecond},
		"patience":    {Patience: -1},
	} {
		_, err := fleet.Run(t.Context(), in.cfg, in.sets, o)
		if e, ok := errors.AsType[*domain.Error](err); !ok || e.Kind != domain.Invalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if n := in.applied(t, 2); n != 0 {
		t.Errorf("%d tenants were migrated", n)
	}
}

// TestAPanicOfTheProgressIsTheCallers has the function that a product passes panic, in the
// middle of a run.
func TestAPanicOfTheProgressIsTheCallers(t *testing.T) {
	t.Parallel()
	in := behind(t, 10, slowly)
	func() {
		defer func() {
			if value := recover(); value != "lost my mind" {
				t.Errorf("recovered %v", value)
			}
		}()
		in.run(t, fleet.Options{Workers: 1, Every: time.Millisecond, Progress: func(fleet.Progress) { panic("lost my mind") }})
	}()
	if n := in.applied(t, 2); n == 10 {
		t.Error("the run went on to its end")
	}
	if in.run(t, fleet.Options{}); in.applied(t, 2) != 10 {
		t.Error("the next run did not go on")
	}
}
