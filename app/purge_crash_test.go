package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/partywall-go/partywall/domain"
	"github.com/partywall-go/partywall/domain/access"
	"github.com/partywall-go/partywall/domain/tenants"
	"github.com/partywall-go/partywall/ports"
)

// TestAPurgeIsKilledAtEachStep has a process purge a tenant, which kills itself before or
// after each of its calls to the database and the object store. Another process continues.
func TestAPurgeIsKilledAtEachStep(t *testing.T) {
	if c, step, child := asChild(t); child {
		purgeInChild(t, c, step)
		return
	}
	t.Parallel()
	p := purgeCrash{newCrashTest(t)}
	for round := range max(1, *killRounds) {
		steps := 0
		for killed := true; killed; {
			steps++
			id := fmt.Sprintf("t%d-%d", round, steps)
			p.makePurging(t, id)
			killed = p.purge(t, steps)
			p.mustBeSound(t, id, killed)
		}
		if steps < 12 {
			t.Errorf("the purge had only %d steps", steps)
		}
	}
}

// purgeCrash is an installation whose purges are killed.
type purgeCrash struct{ crashTest }

// makePurging makes a tenant with data of every kind, whose purge is due.
func (p purgeCrash) makePurging(t *testing.T, name string) {
	t.Helper()
	id := domain.Must(domain.ParseTenantID(name))
	by := tenants.Creator{Operator: access.Installation(), For: domain.Must(domain.NewIdentity("local", "ada"))}
	if _, err := p.registry.Tenants.Create(t.Context(), by, tenants.Creation{ID: id}); err != nil {
		t.Fatal(err)
	}
	p.execute(t, fmt.Sprintf(`
		CREATE TABLE "tenant_%[1]s".parts (n int PRIMARY KEY) PARTITION BY RANGE (n);
		CREATE TABLE "tenant_%[1]s".part PARTITION OF "tenant_%[1]s".parts FOR VALUES FROM (0) TO (10);
		CREATE FUNCTION "tenant_%[1]s".one() RETURNS int LANGUAGE sql AS 'SELECT 1';
		CREATE VIEW "tenant_%[1]s".view AS SELECT * FROM "tenant_%[1]s".parts;
		DO $$ DECLARE object oid := lo_create(0); BEGIN
			EXECUTE format('ALTER LARGE OBJECT %%s OWNER TO %%I', object, (SELECT 'pw_' || inst || '_t_%[1]s' FROM partywall.installation));
		END $$`, name))
	folder := filepath.Join(p.dir, "objects", name, "ab")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ab"+strings.Repeat("0", 62)), []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	steward := domain.Must(access.Installation().Steward(id))
	if _, err := p.registry.Tenants.Delete(t.Context(), steward, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := p.registry.Tenants.Purge(t.Context(), steward, ""); err != nil {
		t.Fatal(err)
	}
	p.execute(t, `UPDATE partywall.tenants SET deleted_at = now() - interval '1 hour' WHERE deleted_at IS NOT NULL`)
}

// purge purges in a process of its own, which is killed at the step. It reports whether
// the purge had so many steps.
func (p purgeCrash) purge(t *testing.T, step int) (killed bool) {
	t.Helper()
	cmd := p.child(t.Context(), "TestAPurgeIsKilledAtEachStep", p.server.Port, step)
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
func (p purgeCrash) mustBeSound(t *testing.T, name string, killed bool) {
	t.Helper()
	p.mustFindNoFault(t, name+" after the kill")
	if killed {
		p.execute(t, `UPDATE partywall.purges SET leased_until = now()`) // as time does
		if _, err := p.registry.Tenants.PurgeDue(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	details, err := p.registry.Tenants.Get(t.Context(), domain.Must(access.Installation().Steward(domain.Must(domain.ParseTenantID(name)))).Reader())
	if err != nil || details.Status != domain.Gone {
		t.Errorf("%s is %s, %v", name, details.Status, err)
	}
	p.mustFindNoFault(t, name+" at the end")
	if _, err := os.Stat(filepath.Join(p.dir, "objects", name)); !os.IsNotExist(err) {
		t.Errorf("%s has files: %v", name, err)
	}
}

// purgeInChild is the process that purges.
func purgeInChild(t *testing.T, c crashTest, step int) {
	registry := c.open(t)
	k := &killer{left: step}
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
