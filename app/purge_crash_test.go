package app_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/partywall-go/partywall/adapters/embeddedpg"
	"github.com/partywall-go/partywall/app"
	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

var purgeRounds = flag.Int("purge.rounds", 1, "how often a purge is killed at each of its steps")

// The variables of a child process that purges, and is killed at a step.
const (
	purgeStepVariable   = "PARTYWALL_TEST_PURGE_STEP"
	purgeServerVariable = "PARTYWALL_TEST_PURGE_SERVER"
)

// TestAPurgeIsKilledAtEachStep has a process purge a tenant, which kills itself before or
// after each of its calls to the database and the object store. Another process continues.
func TestAPurgeIsKilledAtEachStep(t *testing.T) {
	if os.Getenv(purgeStepVariable) != "" {
		purgeInChild(t)
		return
	}
	t.Parallel()
	needPostgres(t)
	server := newServer(t)
	o := purgeOperator{server: server, dir: t.TempDir()}
	if err := app.Setup(t.Context(), o.config(), func(string) {}); err != nil {
		t.Fatal(err)
	}
	for round := range *purgeRounds {
		steps := 0
		for killed := true; killed; {
			steps++
			id := fmt.Sprintf("t%d-%d", round, steps)
			o.makePurging(t, id)
			killed = o.purge(t, steps)
			o.mustBeSound(t, id, killed)
		}
		if steps < 12 {
			t.Errorf("the purge had only %d steps", steps)
		}
	}
}

// purgeOperator is the operator of an installation on a server and a disk.
type purgeOperator struct {
	server *embeddedpg.Server
	dir    string
}

func (o purgeOperator) config() app.Config {
	return app.Config{
		Database: app.Database{Host: o.server.Host, Port: o.server.Port, User: o.server.User, Password: o.server.Password, Name: o.server.Database, SSLMode: "disable"},
		DataDir:  o.dir,
		Logger:   slog.New(slog.DiscardHandler),
	}
}

func (o purgeOperator) open(t *testing.T) *app.Registry {
	t.Helper()
	registry, err := app.OpenRegistry(t.Context(), o.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = registry.Close() })
	return registry
}

// makePurging makes a tenant with data of every kind, whose purge is due.
func (o purgeOperator) makePurging(t *testing.T, name string) {
	t.Helper()
	id := domain.Must(domain.ParseTenantID(name))
	registry := o.open(t)
	by := tenants.Creator{Operator: access.Installation(), For: domain.Must(domain.NewIdentity("local", "ada"))}
	if _, err := registry.Tenants.Create(t.Context(), by, tenants.Creation{ID: id}); err != nil {
		t.Fatal(err)
	}
	o.execute(t, fmt.Sprintf(`
		CREATE TABLE "tenant_%[1]s".parts (n int PRIMARY KEY) PARTITION BY RANGE (n);
		CREATE TABLE "tenant_%[1]s".part PARTITION OF "tenant_%[1]s".parts FOR VALUES FROM (0) TO (10);
		CREATE FUNCTION "tenant_%[1]s".one() RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE VIEW "tenant_%[1]s".view AS SELECT * FROM "tenant_%[1]s".parts;
		DO $$ DECLARE object oid := lo_create(0); BEGIN
			EXECUTE format('ALTER LARGE OBJECT %%s OWNER TO %%I', object, (SELECT 'pw_' || inst || '_t_%[1]s' FROM partywall.installation));
		END $$`, name))
	folder := filepath.Join(o.dir, "objects", name, "ab")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ab"+strings.Repeat("0", 62)), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	steward := domain.Must(access.Installation().Steward(id))
	if _, err := registry.Tenants.Delete(t.Context(), steward, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Tenants.Purge(t.Context(), steward, ""); err != nil {
		t.Fatal(err)
	}
	o.execute(t, `UPDATE partywall.tenants SET deleted_at = now() - interval '1 hour' WHERE deleted_at IS NOT NULL`)
}

func (o purgeOperator) execute(t *testing.T, statement string) {
	t.Helper()
	db := domain.Must(sqlx.Open("postgres", fmt.Sprintf("host=%s port=%d user=postgres password=%s dbname=%s sslmode=disable",
		o.server.Host, o.server.Port, o.server.SuperuserPassword.Reveal(), o.server.Database)))
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// purge purges in a process of its own, which is killed at the step. It reports whether
// the purge had so many steps.
func (o purgeOperator) purge(t *testing.T, step int) (killed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAPurgeIsKilledAtEachStep$")
	cmd.Env = append(os.Environ(), purgeStepVariable+"="+strconv.Itoa(step), fmt.Sprintf("%s=%s %d %s %s %s %s",
		purgeServerVariable, o.server.Host, o.server.Port, o.server.User, o.server.Password.Reveal(), o.server.Database, o.dir))
	output, err := cmd.CombinedOutput()
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return false
	case failed && !exit.Exited():
		return true
	}
	t.Fatalf("the purge failed at step %d: %v\n%s", step, err, output)
	return false
}

// mustBeSound fails unless a purge that was interrupted left nothing without a tenant, and
// another process ends it.
func (o purgeOperator) mustBeSound(t *testing.T, name string, killed bool) {
	t.Helper()
	registry := o.open(t)
	mustFindNoFault := func(when string) {
		if faults, err := registry.Tenants.Check(t.Context(), access.Installation()); err != nil || len(faults) > 0 {
			t.Errorf("%s %s: the check found %+v, %v", name, when, faults, err)
		}
	}
	mustFindNoFault("after the kill")
	if killed {
		o.execute(t, `UPDATE partywall.purges SET leased_until = now()`) // as time does
		if _, err := registry.Tenants.PurgeDue(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	details, err := registry.Tenants.Get(t.Context(), domain.Must(access.Installation().Steward(domain.Must(domain.ParseTenantID(name)))).Reader())
	if err != nil || details.Status != domain.Gone {
		t.Errorf("%s is %s, %v", name, details.Status, err)
	}
	mustFindNoFault("at the end")
	if _, err := os.Stat(filepath.Join(o.dir, "objects", name)); !os.IsNotExist(err) {
		t.Errorf("%s has files: %v", name, err)
	}
}

// purgeInChild is the process that purges.
func purgeInChild(t *testing.T) {
	o := purgeOperator{server: &embeddedpg.Server{}}
	var password string
	if _, err := fmt.Sscan(os.Getenv(purgeServerVariable), &o.server.Host, &o.server.Port, &o.server.User, &password, &o.server.Database, &o.dir); err != nil {
		t.Fatal(err)
	}
	o.server.Password = domain.NewSecret(password)
	registry := o.open(t)
	k := &killer{left: domain.Must(strconv.Atoi(os.Getenv(purgeStepVariable)))}
	registry.Tenants.Purger = killedPurger{registry.Tenants.Purger, k}
	registry.Tenants.Objects = killedObjects{registry.Tenants.Objects, k}
	if _, err := registry.Tenants.PurgeDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// killer ends the process, as kill -9 does, when it was called so often.
type killer struct{ left int }

func (k *killer) step() {
	if k.left--; k.left == 0 {
		_ = domain.Must(os.FindProcess(os.Getpid())).Kill()
		select {} // until the signal arrives
	}
}

// killedPurger has the killer before and after each step.
type killedPurger struct {
	ports.TenantPurger
	killer *killer
}

func (p killedPurger) Acquire(ctx context.Context, r ports.PurgeRequest) (ports.Purge, bool, error) {
	purge, found, err := p.TenantPurger.Acquire(ctx, r)
	if found {
		p.killer.step()
	}
	return purge, found, err
}

func (p killedPurger) RemoveData(ctx context.Context, lease ports.PurgeLease) (bool, error) {
	more, err := p.TenantPurger.RemoveData(ctx, lease)
	p.killer.step()
	return more, err
}

func (p killedPurger) Bury(ctx context.Context, lease ports.PurgeLease, again time.Duration) error {
	p.killer.step()
	err := p.TenantPurger.Bury(ctx, lease, again)
	p.killer.step()
	return err
}

// killedObjects has the killer after each page.
type killedObjects struct {
	ports.ObjectPurger
	killer *killer
}

func (o killedObjects) Purge(ctx context.Context, tenant domain.TenantID, limit int) (int, error) {
	removed, err := o.ObjectPurger.Purge(ctx, tenant, limit)
	o.killer.step()
	return removed, err
}
